import type { Column } from './names.ts'
import { vendorRoot } from './rule.ts'
import { quote, type Scope } from './scope.ts'

/** Writes the vendor field(s) of each column; `copiesOf` names the locals in which its value may stand already. */
export class VendorWriter {
  readonly lines: string[] = []
  /** `rare`: mostly left out, because an ECS field has the value. */
  readonly fields: { readonly path: string; readonly local: string; readonly rare: boolean }[] = []
  readonly #scope: Scope
  readonly #copiesOf: (column: string) => readonly string[]

  constructor(scope: Scope, copiesOf: (column: string) => readonly string[]) {
    this.#scope = scope
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
    const isCopy = copies.map(copy => `${copy} === ${local} || X.same(${copy}, ${local})`)
    const absent = [`${local} === undefined`, ...isCopy].join(' || ')
    const value = this.#valueOf(column, local)
    const isDirect = value === local && copies.length === 0
    this.#field(column.name, isDirect ? local : this.#put(`${absent} ? undefined : ${value}`), copies.length > 0)
    if (holdsWords(column))
      this.#field(`${column.name}_fields`, this.#put(`X.wordFields(${this.#jsonOr(local)})`), true)
  }

  /** The column that comes first has the name both share, unless it is absent; an equal value is there already. */
  #writeSecond({ column, second }: Column, local: string): void {
    const first = this.#scope.source({ kind: 'column', column: second!.to })!
    const there = `${local} === undefined || ${first} === undefined || X.same(${first}, ${local})`
    this.#field(
      second!.otherwise,
      this.#put(`${there} ? undefined : X.write.keyword(${local}, ${quote(column)}, run)`),
      true,
    )
  }

  #valueOf(column: Column, local: string): string {
    const { type, fieldType } = column
    if (fieldType === 'flattened') return `X.flattened(${this.#jsonOr(local)})`
    if (holdsWords(column)) return `X.keywords(${this.#jsonOr(local)})`
    if (fieldType === 'keyword' && (type === 'string' || type === 'datetime')) return local
    const write = `X.write.${fieldType}(${local}, ${quote(column.column)}, run)`
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

  #field(name: string, local: string, rare: boolean): void {
    this.fields.push({ path: `${vendorRoot}.${name}`, local, rare })
  }
}

function holdsWords({ type, fieldType }: Column): boolean {
  return fieldType === 'keywords' || (fieldType === 'keyword' && type === 'dynamic')
}
