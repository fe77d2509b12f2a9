import type { Observer } from './observer.ts'
import type { Rule, Source } from './rule.ts'
import { quote, type Scope } from './scope.ts'
import { ruleError } from './yaml-file.ts'

interface Field {
  readonly local: string
  readonly isSet: boolean
}

/** Conversions that several rules want of one column, and their vendor field too. */
const shareables = new Set(['date', 'ip', 'lower'])
/** Conversions of several values whose result may be one of them. */
const passing = new Set(['full_path'])

/** Turns rules, in their order, into statements that fill one local per field. */
export class RuleWriter {
  readonly #scope: Scope
  readonly #preserve: boolean
  readonly #observer: Observer | undefined
  readonly #fields = new Map<string, Field>()
  /** Column → locals of the fields where its value can be read back. */
  readonly #copies = new Map<string, Set<string>>()
  readonly #lines: string[] = []

  constructor(scope: Scope, preserveDuplicates: boolean, observer: Observer | undefined) {
    this.#scope = scope
    this.#observer = observer
    this.#preserve = preserveDuplicates
  }

  /** Declarations first: a field may be written by several rules, each under its own condition. */
  lines(): string[] {
    const locals = [...this.#fields.values()].map(field => field.local)
    return [...(locals.length === 0 ? [] : [`let ${locals.join(', ')};`]), ...this.#lines]
  }

  fields(): ReadonlyMap<string, Field> {
    return this.#fields
  }

  /** A field that has values, a set, before any rule is applied. */
  preset(path: string, value: string): void {
    const field = { local: this.#scope.fresh(), isSet: true }
    this.#fields.set(path, field)
    this.#lines.push(`${field.local} = ${value};`)
  }

  copiesOf(column: string): readonly string[] {
    return [...(this.#copies.get(column) ?? [])]
  }

  write(rule: Rule): void {
    const condition = rule.when === undefined ? true : this.#scope.condition(rule.when)
    if (condition === false) return
    const locals = rule.sources.map(source => this.#source(source))
    if (rule.constant === undefined && locals.every(local => local === undefined)) return
    const guards = [...(condition === true ? [] : [condition]), ...this.#unlessSet(rule)]
    if (rule.constant !== undefined) this.#assign(rule, quote(rule.constant), guards)
    else if (rule.together) this.#convert(rule, this.#inputs(rule.sources).join(', '), guards)
    else this.#fromFirst(rule, locals, guards)
  }

  /** Dates are given to a conversion of several values as they stand in ECS fields. */
  #inputs(sources: readonly Source[]): string[] {
    return sources.map(source => {
      const local = this.#source(source)
      const isDate = source.kind === 'column' && this.#scope.column(source.column)?.type === 'datetime'
      return local === undefined ? 'undefined' : isDate ? this.#scope.converted('date', local) : local
    })
  }

  #fromFirst(rule: Rule, locals: readonly (string | undefined)[], guards: readonly string[]): void {
    const known = locals.filter(local => local !== undefined)
    const value = known.length === 1 ? known[0]! : this.#scope.fresh()
    if (known.length > 1) this.#lines.push(`const ${value} = ${known.join(' ?? ')};`)
    this.#convert(rule, value, [...guards, `${value} !== undefined`], known.length === 1)
  }

  /** Conversions, map and split: each may end without a value, and then the rule does nothing. */
  #convert(rule: Rule, values: string, guards: readonly string[], shareable = false): void {
    const [first, ...rest] = rule.as
    // Under unless_set the conversion is mostly not wanted, so it is not worked out beforehand.
    const shared = shareable && shareables.has(first ?? '') && !rule.unlessSet && this.#isColumn(rule.sources)
    let value =
      first === undefined ? values : shared ? this.#scope.converted(first, values) : `X.as.${first}(${values})`
    if (first === undefined && rule.map === undefined && rule.split === undefined) {
      this.#assign(rule, value, guards)
      return
    }
    const result = this.#scope.fresh()
    const steps = [
      ...rest.map(name => `X.as.${name}(${result})`),
      ...(rule.map === undefined ? [] : [this.#lookup(rule, first === undefined ? value : result)]),
      ...(rule.split === undefined ? [] : [`X.split.${rule.split}.run(${first === undefined ? value : result})`]),
    ]
    if (first === undefined) value = steps.shift()!
    this.#lines.push(`let ${result};`)
    this.#lines.push(
      `${guardText(guards)}{ ${result} = ${value}; ${steps.map(step => `if (${result} !== undefined) ${result} = ${step};`).join(' ')} }`,
    )
    this.#assign(rule, result, [`${result} !== undefined`])
  }

  #lookup(rule: Rule, value: string): string {
    const otherwise = rule.otherwise === 'same' ? value : quote(rule.otherwise)
    return `X.lookup(${this.#scope.constant(rule.map)}, ${value}, ${otherwise ?? 'undefined'})`
  }

  #assign(rule: Rule, value: string, guards: readonly string[]): void {
    if (rule.add !== undefined) {
      const local = this.#field(rule, rule.add, true)
      this.#statement(rule, rule.add, guards, `${local} = X.add(${local}, ${value});`, value)
      if (!rule.add.startsWith('related.') && !rule.add.startsWith('event.')) this.#remember(rule, local)
      return
    }
    for (const { part, field } of rule.to) {
      const local = this.#field(rule, field, false)
      const own = rule.split === undefined ? value : `${value}[${quote(part)}]`
      const present = rule.split === undefined ? guards : [...guards, `${own} !== undefined`]
      this.#statement(rule, field, present, `${local} = ${own};`, own)
      this.#remember(rule, local)
    }
    if (rule.copy !== undefined && this.#preserve) {
      this.#statement(rule, rule.copy, guards, `${this.#field(rule, rule.copy, false)} = ${value};`, value)
    }
  }

  #statement(rule: Rule, field: string, guards: readonly string[], assignment: string, value: string): void {
    const observer = this.#observer
    const told = observer && this.#scope.constant((seen: unknown) => observer.rule(rule, field, seen))
    this.#lines.push(`${guardText(guards)}${told === undefined ? assignment : `{ ${assignment} ${told}(${value}); }`}`)
  }

  #unlessSet(rule: Rule): string[] {
    if (!rule.unlessSet) return []
    if (rule.add !== undefined) return [`${this.#field(rule, rule.add, true)} === undefined`]
    return rule.to.map(({ field }) => `${this.#field(rule, field, false)} === undefined`)
  }

  #field(rule: Rule, path: string, isSet: boolean): string {
    const known = this.#fields.get(path)
    if (known !== undefined) {
      if (known.isSet !== isSet) throw ruleError(rule.place, `${path} is both a set (add) and a value (to)`)
      return known.local
    }
    const field = { local: this.#scope.fresh(), isSet }
    this.#fields.set(path, field)
    return field.local
  }

  #source(source: Source): string | undefined {
    return source.kind === 'field' ? this.#fields.get(source.path)?.local : this.#scope.source(source)
  }

  #isColumn(sources: readonly Source[]): boolean {
    return sources.every(source => source.kind !== 'field' && !(source.kind === 'column' && source.key !== undefined))
  }

  /** What is worked out of several values is no copy of one; of a path, its parts may be. */
  #remember(rule: Rule, local: string): void {
    if (rule.together && rule.split === undefined && !rule.as.some(name => passing.has(name))) return
    for (const source of rule.sources) {
      if (source.kind !== 'column' || source.key !== undefined) continue
      const locals = this.#copies.get(source.column) ?? new Set()
      this.#copies.set(source.column, locals.add(local))
    }
  }
}

function guardText(guards: readonly string[]): string {
  return guards.length === 0 ? '' : `if (${guards.join(' && ')}) `
}
