import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import type { Dataset } from '../../core/types.ts'
import { exactNumber, isDistorted } from '../digits.ts'
import { collected } from '../mapping/datasets.ts'

/** Where something stands in a case file; both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** What a field should have. */
interface Wanted {
  /** As it is written: `V.` stands for `m365_defender.event.`, or the dataset of the case. */
  readonly path: string
  readonly value: unknown
  readonly place: Place
}

/** One case of a file: a record, or an item of an API, and what its document has and has not. */
export interface MappingCase {
  readonly name: string
  readonly dataset: Dataset
  readonly place: Place
  /** JSON text. */
  readonly record: string
  /** JSON text of an object: what stands beside the items of a page. */
  readonly body: string
  /** Which document of the item, from 1. */
  readonly pair: number
  readonly strict: boolean
  readonly preserve: boolean
  /** Whether the record's own text is kept. */
  readonly original: boolean
  /** ISO 8601; absent: the record has no place in a hub. */
  readonly enqueuedTime?: string
  readonly expect: readonly Wanted[]
  readonly absent: readonly Omit<Wanted, 'value'>[]
  /** Of a record that becomes no document: what is known of its reject. */
  readonly reject?: Wanted
}

/** Something in a case file that makes no case. */
export interface CaseProblem extends Place {
  readonly message: string
  readonly fix: string
}

const keys = [
  ...['name', 'dataset', 'item', 'body', 'pair', 'table', 'properties', 'envelope', 'record', 'enqueued_time'],
  ...['strict', 'preserve', 'original', 'expect', 'absent', 'reject'],
]

/** Reads a YAML list of cases. What is wrong with one of them leaves the others as they are. */
export function readCases(text: string): { cases: MappingCase[]; problems: CaseProblem[] } {
  const lines = new LineCounter()
  // Whole numbers keep all their digits.
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, prettyErrors: false })
  const place = (node: unknown): Place => {
    const { line, col } = lines.linePos((node as { range?: [number] } | null)?.range?.[0] ?? 0)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const [error] = document.errors
  if (error) {
    const { line, col } = lines.linePos(error.pos[0])
    const message = `is no YAML: ${error.message}`
    return { cases: [], problems: [{ line, column: col, message, fix: 'Correct the text.' }] }
  }
  if (!isSeq(document.contents) || document.contents.items.length === 0) {
    const fix = 'Write each case as an item: `- name: ...`.'
    return { cases: [], problems: [{ ...place(document.contents), message: 'is not a list of cases', fix }] }
  }
  const cases: MappingCase[] = []
  const problems: CaseProblem[] = []
  for (const node of document.contents.items) {
    try {
      cases.push(new CaseReader(node as Node, place).read())
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown
      problems.push({ ...place(thrown.node), message: thrown.message, fix: thrown.fix })
    }
  }
  return { cases, problems }
}

class Misfit extends Error {
  readonly node: unknown
  readonly fix: string

  constructor(node: unknown, message: string, fix: string) {
    super(message)
    this.node = node
    this.fix = fix
  }
}

class CaseReader {
  readonly #node: Node
  readonly #place: (node: unknown) => Place
  readonly #entries = new Map<string, { readonly key: unknown; readonly value: unknown }>()

  constructor(node: Node, place: (node: unknown) => Place) {
    this.#node = node
    this.#place = place
    if (!isMap(node)) throw new Misfit(node, 'is no case', `A case has the keys ${keys.join(', ')}.`)
    for (const { key, value } of node.items as Pair[]) {
      const name = String(plain(key))
      if (!keys.includes(name)) throw new Misfit(key, `unknown key ${name}`, `A case has the keys ${keys.join(', ')}.`)
      this.#entries.set(name, { key, value })
    }
  }

  read(): MappingCase {
    const reject = this.#entries.get('reject')
    const read: MappingCase = {
      name: this.#text('name'),
      dataset: this.#dataset(),
      place: this.#place(this.#node),
      record: this.#record(),
      body: JSON.stringify(this.#entries.has('body') ? this.#object('body') : {}),
      pair: this.#pair(),
      strict: this.#flag('strict'),
      preserve: this.#flag('preserve'),
      original: this.#flag('original'),
      ...(this.#entries.has('enqueued_time') && { enqueuedTime: this.#text('enqueued_time') }),
      expect: this.#wanted(),
      absent: this.#absent(),
      ...(reject && { reject: { path: '', value: this.#object('reject'), place: this.#place(reject.key) } }),
    }
    if (read.expect.length + read.absent.length > 0 || reject) return read
    throw new Misfit(this.#node, `${read.name}: expects nothing`, 'Add `expect`, `absent` or `reject`.')
  }

  #dataset(): Dataset {
    const entry = this.#entries.get('dataset')
    if (entry === undefined) return 'event'
    const value = plain(entry.value)
    const found = collected.find(dataset => dataset === value)
    if (found !== undefined) return found
    const names = collected.join(', ')
    throw new Misfit(entry.key, `dataset is none of ${names}`, 'Name one, or leave it out for events.')
  }

  /** What is for items has no place in a case about a record, and the other way round. */
  #checkKind(): void {
    const isItem = this.#entries.has('dataset')
    const foreign = isItem ? ['table', 'properties', 'envelope'] : ['item', 'body', 'pair']
    for (const key of foreign) {
      const entry = this.#entries.get(key)
      if (entry === undefined) continue
      const fix = isItem ? 'Write the keys of the item under `item`.' : 'Name the `dataset`.'
      throw new Misfit(entry.key, `${key} is ${isItem ? 'for events' : 'for items of a dataset'}`, fix)
    }
  }

  #pair(): number {
    const entry = this.#entries.get('pair')
    const value = entry === undefined ? 1 : plain(entry.value)
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
    throw new Misfit(entry!.key, 'pair is no number from 1 on', 'Write `pair: 2`, or leave it out.')
  }

  #record(): string {
    this.#checkKind()
    const record = this.#entries.get('record')
    if (record === undefined && this.#entries.has('dataset')) return JSON.stringify(this.#object('item'))
    if (record === undefined) {
      const category = `AdvancedHunting-${this.#text('table')}`
      const envelope = this.#entries.has('envelope') ? this.#object('envelope') : {}
      return JSON.stringify({ category, ...envelope, properties: this.#object('properties') })
    }
    for (const other of ['table', 'properties', 'envelope', 'item']) {
      const entry = this.#entries.get(other)
      if (entry) throw new Misfit(entry.key, `${other} stands beside record`, 'Give either `record` or its parts.')
    }
    const value = plain(record.value)
    if (typeof value !== 'string') return JSON.stringify(value)
    if (isJson(value)) return value
    throw new Misfit(record.key, 'record is no JSON text', 'Write one JSON value, in quotes, or a mapping.')
  }

  #wanted(): Wanted[] {
    const entry = this.#entries.get('expect')
    if (entry === undefined) return []
    if (!isMap(entry.value)) throw new Misfit(entry.key, 'expect is no mapping', 'Write `field: value` below it.')
    return (entry.value.items as Pair[]).map(({ key, value }) => {
      const path = String(plain(key))
      const wanted = plain(value)
      if (wanted === undefined || wanted === null)
        throw new Misfit(key, `${path} has no value`, 'List the field under `absent`.')
      return { path, value: wanted, place: this.#place(key) }
    })
  }

  #absent(): MappingCase['absent'] {
    const entry = this.#entries.get('absent')
    if (entry === undefined) return []
    if (!isSeq(entry.value)) throw new Misfit(entry.key, 'absent is no list', 'Write `absent: [field, field]`.')
    return entry.value.items.map(item => ({ path: String(plain(item)), place: this.#place(item) }))
  }

  #text(name: string): string {
    const entry = this.#entries.get(name)
    const value = plain(entry?.value)
    if (typeof value === 'string' && value !== '') return value
    if (entry) throw new Misfit(entry.key, `${name} is no text`, `Write \`${name}: ...\`, with quotes where YAML asks.`)
    throw new Misfit(
      this.#node,
      `${name} is missing`,
      name === 'table' ? 'Add `table`, or give a whole `record`.' : `Add \`${name}\`.`,
    )
  }

  #flag(name: string): boolean {
    const entry = this.#entries.get(name)
    const value = plain(entry?.value) ?? false
    if (typeof value === 'boolean') return value
    throw new Misfit(entry!.key, `${name} is neither true nor false`, `Write \`${name}: true\`, or leave it out.`)
  }

  #object(name: string): object {
    const entry = this.#entries.get(name)
    if (isMap(entry?.value)) return plain(entry.value) as object
    throw new Misfit(
      entry?.key ?? this.#node,
      `${name} is ${entry ? 'no mapping' : 'missing'}`,
      `Write \`${name}: { ... }\`.`,
    )
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A node as JSON has it. Numbers that a double cannot hold become exact ones, keys stay data whatever they are. */
function plain(node: unknown): unknown {
  if (isMap(node)) {
    const result: Record<string, unknown> = {}
    for (const { key, value } of node.items as Pair[]) {
      const property = { value: plain(value), enumerable: true, configurable: true, writable: true }
      Object.defineProperty(result, String(plain(key)), property)
    }
    return result
  }
  if (isSeq(node)) return node.items.map(plain)
  // It would stand for nothing, and a case that expects nothing never fails.
  if (isAlias(node)) throw new Misfit(node, 'an alias is not supported', 'Write the value out.')
  if (!isScalar(node)) return undefined
  const { value, source } = node
  if (typeof value !== 'bigint' && typeof value !== 'number') return value
  // As it is written, unless YAML has another form for it than JSON.
  const digits = typeof value === 'bigint' && !Number.isSafeInteger(Number(value)) ? String(value) : (source ?? '')
  return isDistorted(digits) ? exactNumber(digits) : Number(value)
}
