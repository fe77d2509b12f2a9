import type { Observer } from './observer.ts'
import type { Rule, Source } from './rule.ts'
import { quote, type Scope, type Value } from './scope.ts'
import { splits } from './split.ts'
import { ruleError } from './yaml-file.ts'

export interface Field {
  /** Its place in `refs` of the cells. */
  readonly number: number
  readonly isSet: boolean
}

/** Conversions of several values whose result may be one of them. */
const passing = new Set(['full_path'])

/** Conversions of a column of one of these types that give a reference; see references.ts. */
const ofColumn: Readonly<Record<string, readonly string[]>> = {
  date: ['string', 'datetime'],
  ip: ['string', 'datetime'],
  text: ['string', 'datetime', 'long', 'int'],
  lower: ['string', 'datetime'],
  action: ['string', 'datetime'],
  long: ['long', 'int'],
  boolean: ['bool'],
}
/** The same of several columns, and of a field. */
const ofColumns = new Set(['full_path', 'entity_id', 'path'])
const ofField = new Set(['command_line'])

/** What a field gets, as code: a reference, and for an observer the value. */
interface Given {
  readonly ref: string
  readonly value: string
}

/** Turns rules, in their order, into statements that fill the fields of the cells. */
export class RuleWriter {
  readonly constants: unknown[] = []
  readonly #scope: Scope
  readonly #preserve: boolean
  readonly #observer: Observer | undefined
  readonly #fields = new Map<string, Field>()
  /** Column → numbers of the fields where its value can be read back. */
  readonly #copies = new Map<string, Set<number>>()
  readonly #lines: string[] = []

  constructor(scope: Scope, preserveDuplicates: boolean, observer: Observer | undefined) {
    this.#scope = scope
    this.#observer = observer
    this.#preserve = preserveDuplicates
  }

  lines(): readonly string[] {
    return this.#lines
  }

  fields(): ReadonlyMap<string, Field> {
    return this.#fields
  }

  /** A field that has values, a set, before any rule is applied. */
  preset(path: string, value: string): void {
    const field = { number: this.#fields.size, isSet: true }
    this.#fields.set(path, field)
    this.#lines.push(`R[${field.number}] = c.worth(${value});`)
  }

  copiesOf(column: string): readonly number[] {
    return [...(this.#copies.get(column) ?? [])]
  }

  write(rule: Rule): void {
    const condition = rule.when === undefined ? true : this.#scope.condition(rule.when)
    if (condition === false) return
    const values = rule.sources.map(source => this.#source(source))
    if (rule.constant === undefined && values.every(value => value === undefined)) return
    const guards = [...(condition === true ? [] : [condition]), ...this.#unlessSet(rule)]
    if (rule.constant !== undefined) this.#assign(rule, this.#constant(rule.constant), guards)
    else if (rule.together) this.#together(rule, values, guards)
    else this.#fromFirst(rule, values, guards)
  }

  #constant(value: unknown): Given {
    return { ref: String(this.#constantRef(value)), value: quote(value) }
  }

  #constantRef(value: unknown): number {
    const known = this.constants.indexOf(value)
    return -1 - (known === -1 ? this.constants.push(value) - 1 : known)
  }

  /** All values at once, to a conversion or a split. */
  #together(rule: Rule, values: readonly (Value | undefined)[], guards: readonly string[]): void {
    const name = rule.as[0] ?? rule.split!
    const areColumns = values.every(value => value === undefined || value.slot !== undefined)
    if (ofColumns.has(name) && areColumns && rule.as.length + (rule.split === undefined ? 0 : 1) === 1) {
      const slots = values.map(value => value?.slot ?? -1)
      this.#byReference(rule, `c, ${slots.join(', ')}`, guards)
      return
    }
    // Dates are given as they stand in ECS fields.
    const inputs = values.map((value, index) => {
      const source = rule.sources[index]!
      const isDate = source.kind === 'column' && this.#scope.column(source.column)?.type === 'datetime'
      if (value === undefined) return 'undefined'
      return isDate && value.slot !== undefined ? this.#scope.date(value.slot) : value.read()
    })
    this.#convert(rule, inputs.join(', '), guards)
  }

  #fromFirst(rule: Rule, values: readonly (Value | undefined)[], guards: readonly string[]): void {
    const known = values.filter(value => value !== undefined)
    const [first] = known
    if (known.length === 1) {
      this.#fromOne(rule, first!, [...guards, first!.present])
      return
    }
    if (rule.as.length === 0 && rule.map === undefined && rule.split === undefined) {
      const choice = known.map(({ present, ref }) => `${present} ? ${ref} : `).join('')
      this.#assignRef(rule, `${choice}0`, guards)
      return
    }
    const value = this.#scope.fresh()
    this.#lines.push(`const ${value} = ${known.map(each => each.read()).join(' ?? ')};`)
    this.#convert(rule, value, [...guards, `${value} !== undefined`])
  }

  #fromOne(rule: Rule, source: Value, guards: readonly string[]): void {
    const { slot, field, ref } = source
    const [first, ...rest] = rule.as
    const isSingle = rule.as.length + (rule.map === undefined ? 0 : 1) + (rule.split === undefined ? 0 : 1) === 1
    if (first === undefined && rule.map === undefined && rule.split === undefined) {
      const value = this.#observer === undefined ? '' : source.read()
      this.#assign(rule, { ref, value }, guards)
    } else if (isSingle && slot !== undefined && ofColumn[first ?? '']?.includes(this.#scope.typeOf(slot))) {
      this.#byReference(rule, `c, ${slot}`, guards)
    } else if (isSingle && field !== undefined && ofField.has(rule.split ?? '')) {
      this.#byReference(rule, `c, R[${field}]`, guards)
    } else if (rule.map !== undefined && rest.length === 0 && first === undefined && rule.split === undefined) {
      this.#assignRef(rule, this.#lookup(rule, this.#scope.lower(source), ref), guards)
    } else this.#convert(rule, source.read(), guards)
  }

  /** By a function of references.ts. */
  #byReference(rule: Rule, inputs: string, guards: readonly string[]): void {
    if (rule.split === undefined) {
      this.#assignRef(rule, `X.ref.${rule.as[0]}(${inputs})`, guards)
      return
    }
    const found = this.#scope.fresh()
    const call = `X.parts.${rule.split}(${inputs})`
    this.#lines.push(`const ${found} = ${[...guards, call].join(' && ')};`)
    const { parts } = splits[rule.split]!
    this.#assignParts(rule, part => {
      const index = parts.indexOf(part)
      return { given: { ref: `P[${index}]`, value: `c.of(P[${index}])` }, guards: [found, `P[${index}] !== 0`] }
    })
  }

  /** Conversions, map and split of values: each may end without one, and then the rule does nothing. */
  #convert(rule: Rule, values: string, guards: readonly string[]): void {
    const [first, ...rest] = rule.as
    const result = this.#scope.fresh()
    const steps = [
      ...(first === undefined ? [] : [`X.as.${first}(${values})`]),
      ...rest.map(name => `X.as.${name}(${result})`),
      ...(rule.split === undefined ? [] : [`X.split.${rule.split}.run(${first === undefined ? values : result})`]),
    ]
    const [start, ...further] = steps
    const chain = `${result} = ${start ?? values};${further.map(step => ` if (${result} !== undefined) ${result} = ${step};`).join('')}`
    this.#lines.push(`let ${result};`, `${guardText(guards)}{ ${chain} }`)
    const present = `${result} !== undefined`
    if (rule.map !== undefined) {
      const ref = `c.worth(${result})`
      this.#assignRef(rule, this.#lookup(rule, `X.lower(${result})`, ref), [present])
    } else if (rule.split === undefined) {
      this.#assign(rule, { ref: `c.worth(${result})`, value: result }, [present])
    } else {
      this.#assignParts(rule, part => {
        const value = `${result}[${quote(part)}]`
        return { given: { ref: `c.worth(${value})`, value }, guards: [present, `${value} !== undefined`] }
      })
    }
  }

  /** Gives a reference to what the map has for the value, which is given in lower case and by its own reference. */
  #lookup(rule: Rule, lower: string, ref: string): string {
    const refs = new Map([...rule.map!].map(([key, value]) => [key, value === null ? 0 : this.#constantRef(value)]))
    const otherwise =
      rule.otherwise === 'same' ? ref : rule.otherwise === undefined ? '0' : this.#constantRef(rule.otherwise)
    return `${this.#scope.constant(refs)}.get(${lower}) ?? ${otherwise}`
  }

  /** Assigns what an expression refers to, if to anything. */
  #assignRef(rule: Rule, expression: string, guards: readonly string[]): void {
    const ref = this.#scope.fresh()
    const guarded = guards.length === 0 ? expression : `${guards.join(' && ')} ? ${expression} : 0`
    this.#lines.push(`const ${ref} = ${guarded};`)
    this.#assign(rule, { ref, value: `c.of(${ref})` }, [`${ref} !== 0`])
  }

  #assign(rule: Rule, given: Given, guards: readonly string[]): void {
    if (rule.add !== undefined) {
      const { number } = this.#field(rule, rule.add, true)
      this.#statement(rule, rule.add, guards, `X.collect(c, ${number}, ${given.ref});`, given.value)
      if (!rule.add.startsWith('related.') && !rule.add.startsWith('event.')) this.#remember(rule, number)
      return
    }
    for (const { field } of rule.to) this.#set(rule, field, given, guards)
    if (rule.copy !== undefined && this.#preserve) {
      const { number } = this.#field(rule, rule.copy, false)
      this.#statement(rule, rule.copy, guards, `R[${number}] = ${given.ref};`, given.value)
    }
  }

  #assignParts(rule: Rule, giving: (part: string) => { given: Given; guards: readonly string[] }): void {
    for (const { part, field } of rule.to) {
      const { given, guards } = giving(part)
      this.#set(rule, field, given, guards)
    }
  }

  #set(rule: Rule, field: string, { ref, value }: Given, guards: readonly string[]): void {
    const { number } = this.#field(rule, field, false)
    this.#statement(rule, field, guards, `R[${number}] = ${ref};`, value)
    this.#remember(rule, number)
  }

  #statement(rule: Rule, field: string, guards: readonly string[], assignment: string, value: string): void {
    const observer = this.#observer
    const told = observer && this.#scope.constant((seen: unknown) => observer.rule(rule, field, seen))
    this.#lines.push(`${guardText(guards)}${told === undefined ? assignment : `{ ${assignment} ${told}(${value}); }`}`)
  }

  #unlessSet(rule: Rule): string[] {
    if (!rule.unlessSet) return []
    if (rule.add !== undefined) return [`R[${this.#field(rule, rule.add, true).number}] === 0`]
    return rule.to.map(({ field }) => `R[${this.#field(rule, field, false).number}] === 0`)
  }

  #field(rule: Rule, path: string, isSet: boolean): Field {
    const known = this.#fields.get(path)
    if (known !== undefined) {
      if (known.isSet !== isSet) throw ruleError(rule.place, `${path} is both a set (add) and a value (to)`)
      return known
    }
    const field = { number: this.#fields.size, isSet }
    this.#fields.set(path, field)
    return field
  }

  #source(source: Source): Value | undefined {
    if (source.kind !== 'field') return this.#scope.source(source)
    const field = this.#fields.get(source.path)
    if (field === undefined) return undefined
    const ref = `R[${field.number}]`
    return { present: `${ref} !== 0`, field: field.number, ref, read: () => `c.of(${ref})` }
  }

  /** What is worked out of several values is no copy of one; of a path, its parts may be. */
  #remember(rule: Rule, field: number): void {
    if (rule.together && rule.split === undefined && !rule.as.some(name => passing.has(name))) return
    for (const source of rule.sources) {
      if (source.kind !== 'column' || source.key !== undefined) continue
      const fields = this.#copies.get(source.column) ?? new Set()
      this.#copies.set(source.column, fields.add(field))
    }
  }
}

function guardText(guards: readonly string[]): string {
  return guards.length === 0 ? '' : `if (${guards.join(' && ')}) `
}
