import { bits } from '../../kernel/bits.ts'
import * as kind from '../../kernel/kinds.ts'
import type { Cells } from '../cells/cells.ts'
import { isUtc, zoned } from '../dates.ts'
import type { Column } from '../names.ts'
import type { Run } from '../run.ts'
import { runtime } from '../runtime.ts'
import { toFlattened, toKeywords, toWordFields, writes } from '../vendor.ts'

/** The vendor field of a column, as it is written from the cells. */
export interface VendorField {
  readonly column: Column
  readonly path: string
  /** Where the value is. */
  readonly slot: number
  /** The slot that has it when `slot` is empty; otherwise the same. */
  readonly elseSlot: number
  /** Kinds of which the bytes are the field's value, and those of which they are, in quotes, as bits. */
  readonly copied: number
  readonly quoted: number
  readonly isDate: boolean
  readonly isAddress: boolean
  /** What the field takes of JSON, which comes as text or as it is: objects, texts, or whatever is no text. */
  readonly json: '' | 'objects' | 'words' | 'no words'
  /** Fields in which the value may stand already, so that it need not be there twice. */
  readonly copies: Int32Array
  /** The same, told in another way. */
  readonly isElsewhere?: (cells: Cells, slot: number) => boolean
  /** Where bytes will not do. Undefined for nothing; what the field cannot take is kept beside. */
  readonly value: (cells: Cells, slot: number, run: Run) => unknown
}

interface VendorPlan {
  readonly root: string
  readonly isOfEvents: boolean
  readonly slotOf: (column: string) => number
  /** Numbers of the fields in which the column's value may stand. */
  readonly copiesOf: (column: string) => readonly number[]
}

const integers = bits(kind.integer, kind.long)
const booleans = bits(kind.truth, kind.falsity)

/** The vendor fields of a table's columns, `slot` of the first one being the first. */
export function vendorFields(columns: readonly Column[], plan: VendorPlan): VendorField[] {
  const seconds = new Map<string | undefined, number>()
  for (const [slot, { second }] of columns.entries()) seconds.set(second?.to, slot)
  return columns.flatMap((column, slot) => {
    if (column.second !== undefined) return [secondField(column, slot, plan)]
    const elseSlot = seconds.get(column.column) ?? slot
    return fieldsOf(column, slot, elseSlot, plan)
  })
}

function fieldsOf(column: Column, slot: number, elseSlot: number, plan: VendorPlan): VendorField[] {
  const copies = column.duplicate ? plan.copiesOf(column.column) : []
  const common = { ...nothing, column, slot, elseSlot }
  const path = `${plan.root}.${column.name}`
  if (holdsWords(column)) {
    const isElsewhere = (cells: Cells, at: number) =>
      runtime.hasAll(
        copies.map(copy => cells.of(cells.refs[copy]!)),
        cells.value(at),
      )
    const rest = copies.length === 0 ? {} : { isElsewhere }
    const jsonOr = (cells: Cells, at: number, run: Run) => cells.json(at, run) ?? cells.value(at)
    return [
      { ...common, ...rest, path, json: 'words', value: (cells, at, run) => toKeywords(jsonOr(cells, at, run)) },
      {
        ...common,
        path: `${path}_fields`,
        json: 'no words',
        value: (cells, at, run) => toWordFields(jsonOr(cells, at, run)),
      },
    ]
  }
  return [{ ...common, copies: Int32Array.from(copies), path, ...writing(column, plan) }]
}

/** The column that comes first has the name both share, unless it is absent; an equal value is there already. */
function secondField(column: Column, slot: number, plan: VendorPlan): VendorField {
  const { to, otherwise } = column.second!
  const first = plan.slotOf(to)
  return {
    ...nothing,
    column,
    path: `${plan.root}.${otherwise}`,
    slot,
    elseSlot: slot,
    isElsewhere: (cells, at) => cells.kinds[first]! <= kind.empty || runtime.same(cells.value(first), cells.value(at)),
    value: (cells, at, run) => writes.keyword(cells.value(at), column.column, run),
  }
}

const nothing = { copies: new Int32Array(0), copied: 0, quoted: 0, isDate: false, isAddress: false, json: '' as const }

type Writing = Pick<VendorField, 'value'> &
  Partial<Pick<VendorField, 'copied' | 'quoted' | 'isDate' | 'isAddress' | 'json'>>

function writing({ type, fieldType, label }: Column, { isOfEvents }: VendorPlan): Writing {
  const isText = type === 'string' || type === 'datetime'
  if (fieldType === 'evidence') return { value: cells => cells.evidence?.kept }
  if (fieldType === 'flattened') {
    return {
      json: isOfEvents ? 'objects' : '',
      value: (cells, slot, run) => toFlattened(cells.json(slot, run) ?? cells.value(slot)),
    }
  }
  const write = writes[fieldType as keyof typeof writes]
  const value = (cells: Cells, slot: number, run: Run) => write(cells.value(slot), label, run)
  if (fieldType === 'keyword')
    return isText
      ? { copied: kind.texts, value: (cells, slot) => cells.value(slot) }
      : { quoted: type === 'dynamic' ? 0 : integers | booleans, value }
  if (fieldType === 'long') return { copied: integers, value }
  if (fieldType === 'double') return { copied: bits(kind.integer), value }
  if (fieldType === 'boolean') return { copied: booleans, value }
  if (fieldType === 'date')
    return {
      isDate: isText,
      value(cells, slot, run) {
        const date = cells.value(slot)
        return typeof date === 'string' && isUtc(date) ? zoned(date) : write(date, label, run)
      },
    }
  return { isAddress: fieldType === 'ip', value }
}

function holdsWords({ type, fieldType }: Column): boolean {
  return fieldType === 'keywords' || (fieldType === 'keyword' && type === 'dynamic')
}
