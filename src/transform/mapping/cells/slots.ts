import { bits } from '../../kernel/bits.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import * as kind from '../../kernel/kinds.ts'
import { firstColumn, hyphenFlag, mostSlots } from '../../kernel/layout.ts'
import type { Keys } from '../../scan/keys.ts'
import type { Column } from '../names.ts'
import type { ColumnType } from '../schemas.ts'

/** A table's columns as numbers: the keys of the envelope come first. */
export interface Slots {
  readonly columns: readonly Column[]
  /** How many of them are keys of the envelope. */
  readonly envelope: number
  /** Where the kernel has, from the number of a key to its slot, 16 bits each; -1 for none. Not there without keys. */
  readonly byId: number
  /** And by slot, 32 bits each: a bit for each kind of member that has the form of the column's type as it is. */
  readonly usual: number
  /** By slot: what `typeof` says of such a value; empty where any will do. */
  readonly forms: readonly string[]
  /** Slots of addresses, where a hyphen says that there is none. */
  readonly addresses: readonly number[]
}

/** What has to be known of a table to take up a record: also how many further slots and fields it has, and its constants. */
export interface TableCells {
  readonly slots: Slots
  /** Slots behind those of the columns, for members of JSON in them. */
  readonly inner: number
  readonly fields: number
  readonly constants: readonly unknown[]
  readonly constantsAt: number
}

/** Slots for values that are worked out, besides those of a table's columns. */
const spare = 4000

const always = bits(kind.absent, kind.empty, kind.worked)
const usualTexts = always | kind.texts
const integers = always | bits(kind.integer, kind.long)

const usualKinds: Record<ColumnType, number> = {
  string: usualTexts,
  datetime: usualTexts,
  int: integers,
  long: integers,
  real: always | bits(kind.integer),
  bool: always | bits(kind.truth, kind.falsity),
  dynamic: usualTexts | bits(kind.integer, kind.truth, kind.falsity),
}

const usualForms: Record<ColumnType, string> = {
  string: 'string',
  datetime: 'string',
  int: 'number',
  long: 'number',
  real: 'number',
  bool: 'boolean',
  dynamic: '',
}

/** `isListed` tells the columns that have a schema; others but numbers and JSON have to be texts. */
export function createSlots(
  envelope: readonly Column[],
  columns: readonly Column[],
  isListed: (column: string) => boolean,
  kernel: Kernel,
  keys: Keys | undefined,
): Slots {
  const all = [...envelope, ...columns]
  if (all.length + spare > mostSlots) throw new Error(`a table has ${all.length} columns`)
  const types = all.map(({ column, type }): ColumnType => (type === 'bool' && !isListed(column) ? 'string' : type))
  const addresses = all.flatMap((column, slot) => (isAddress(column) ? [slot] : []))
  const usual = Int32Array.from(types, type => usualKinds[type])
  for (const slot of addresses) usual[slot]! |= hyphenFlag
  return {
    columns: all,
    envelope: envelope.length,
    byId: keys === undefined ? 0 : kernel.put(bytesOf(slotsById(envelope, columns, keys))),
    usual: kernel.put(bytesOf(usual)),
    forms: types.map(type => usualForms[type]),
    addresses,
  }
}

function slotsById(envelope: readonly Column[], columns: readonly Column[], keys: Keys): Int16Array {
  const byId = new Int16Array(firstColumn + keys.columns).fill(-1)
  for (const [slot, { column }] of envelope.entries()) {
    const id = keys.envelope(column)
    if (id >= 0) byId[id] = slot
  }
  for (const [place, { column }] of columns.entries()) {
    const id = keys.column(column)
    if (id >= 0) byId[firstColumn + id] = envelope.length + place
  }
  return byId
}

function bytesOf({ buffer, byteOffset, byteLength }: Int16Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function isAddress({ column, fieldType, type }: Column): boolean {
  return (type === 'string' || type === 'datetime') && (fieldType === 'ip' || column === 'MacAddress')
}
