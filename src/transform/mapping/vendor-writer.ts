import { vendorRoot } from './datasets.ts'
import type { Column } from './names.ts'
import type { Observer } from './observer.ts'
import { quote, type Scope } from './scope.ts'

/** Writes the vendor field(s) of each column; `copiesOf` names the locals in which its value may stand already. */
export class VendorWriter {
  readonly lines: string[] = []
  /** `rare`: mostly left out, because an ECS field has the value. */
  readonly fields: { readonly path: string; readonly local: string; readonly rare: boolean }[] = []
  readonly #scope: Scope
  readonly #root: string
  readonly #isOfEvents: boolean
  readonly #copiesOf: (column: string) => readonly string[]
  readonly #observer: Observer | undefined

  constructor(
    scope: Scope,
    root: string,
    copiesOf: (column: string) => readonly string[],
    observer: Observer | undefined,
  ) {
    this.#scope = scope
    this.#root = root
    this.#isOfEvents = root === vendorRoot('event')
    this.#observer = observer
    this.#copiesOf = copiesOf
    const seconds = new Map<string | undefined, string>()
    for (const { column, local } of scope.columns) seconds.set(column.second?.to, local)
    for (const { column, local } of [...scope.envelope, ...scope.columns]) {
      const second = seconds.get(column.column)
      if (column.second !== undefined) this.#writeSecond(column, local)
      else if (second !== undefined) this.#write(column, this.#put(`${local} ?? ${second}`))
      else this.#write(column, local)
    }
  }

  #write(column: Column, local: string): void {
    const copies = column.duplicate ? this.#copiesOf(column.column) : []
    const isCopy = holdsWords(column)
      ? copies.length === 0
        ? []
        : [`X.hasAll([${copies.join()}], ${local})`]
      : copies.map(copy => `${copy} === ${local} || X.same(${copy}, ${local})`)
    const absent = [`${local} === undefined`, ...isCopy].join(' || ')
    const value = this.#valueOf(column, local)
    const isDirect = value === local && copies.length === 0
    const kept = isDirect ? local : this.#put(`${absent} ? undefined : ${value}`)
    this.#field(column, column.name, local, kept, copies.length > 0)
    if (!holdsWords(column)) return
    this.#field(column, `${column.name}_fields`, local, this.#put(`X.wordFields(${this.#jsonOr(local)})`), true)
  }

  /** The column that comes first has the name both share, unless it is absent; an equal value is there already. */
  #writeSecond(column: Column, local: string): void {
    const { second } = column
    const first = this.#scope.source({ kind: 'column', column: second!.to })!
    const there = `${local} === undefined || ${first} === undefined || X.same(${first}, ${local})`
    const kept = this.#put(`${there} ? undefined : X.write.keyword(${local}, ${quote(column.column)}, run)`)
    this.#field(column, second!.otherwise, local, kept, true)
  }

  #valueOf(column: Column, local: string): string {
    const { type, fieldType, label } = column
    if (fieldType === 'evidence') return `${evidenceOf(local)}?.kept`
    if (fieldType === 'flattened')
      return `X.${this.#isOfEvents ? 'flattened' : 'safeFlattened'}(${this.#jsonOr(local)})`
    if (holdsWords(column)) return `X.keywords(${this.#jsonOr(local)})`
    if (fieldType === 'keyword' && (type === 'string' || type === 'datetime')) return local
    const write = `X.write.${fieldType}(${local}, ${quote(label)}, run)`
    if (fieldType === 'long') return `typeof ${local} === "number" ? ${local} : ${write}`
    if (fieldType === 'boolean') return `typeof ${local} === "boolean" ? ${local} : ${write}`
    if (fieldType === 'date') return `${this.#scope.utc(local)} ? X.zoned(${local}) : ${write}`
    return fieldType === 'ip' ? `${this.#scope.converted('ip', local)} ?? ${write}` : write
  }

  /** Parsed where it is JSON text, the value itself otherwise. */
  #jsonOr(local: string): string {
    return `${this.#scope.json(local)} ?? ${local}`
  }

  #put(expression: string): string {
    const local = this.#scope.fresh()
    this.lines.push(`const ${local} = ${expression};`)
    return local
  }

  /** `kept` is the local of the field's value, `local` that of the column's. */
  #field(column: Column, name: string, local: string, kept: string, rare: boolean): void {
    const path = `${this.#root}.${name}`
    this.fields.push({ path, local: kept, rare })
    const observer = this.#observer
    if (observer === undefined) return
    const told = this.#scope.constant((seen: unknown) => observer.vendor(column, path, seen))
    this.lines.push(`if (${local} !== undefined) ${told}(${kept});`)
  }
}

/** What became of the evidence in the column of this local. */
export function evidenceOf(local: string): string {
  return `evidence_${local}`
}

function holdsWords({ type, fieldType }: Column): boolean {
  return fieldType === 'keywords' || (fieldType === 'keyword' && type === 'dynamic')
}
