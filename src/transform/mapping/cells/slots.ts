import type { Keys } from '../../scan/keys.ts'
import { bits, kind, texts } from '../../scan/kinds.ts'
import { firstColumn } from '../../scan/tape.ts'
import type { Column } from '../names.ts'
import type { ColumnType } from '../schemas.ts'

/** A table's columns as numbers: the keys of the envelope come first. */
export interface Slots {
  readonly columns: readonly Column[]
  /** How many of them are keys of the envelope. */
  readonly envelope: number
  /** From the id of a key on a tape to its slot; -1 for none. */
  readonly byId: Int16Array
  /** By slot: a bit for each kind of member that has the form of the column's type as it is. */
  readonly usual: Int32Array
  /** By slot: what `typeof` says of such a value; empty where any will do. */
  readonly forms: readonly string[]
  /** Slots of addresses, where a hyphen says that there is none. */
  readonly addresses: readonly number[]
}

const always = bits(kind.absent, kind.empty, kind.worked)
const usualTexts = always | texts
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
  keys: { readonly envelope: Keys; readonly columns: Keys },
): Slots {
  const all = [...envelope, ...columns]
  const byId = new Int16Array(firstColumn + keys.columns.count).fill(-1)
  for (const [slot, { column }] of all.entries()) {
    const id = slot < envelope.length ? keys.envelope.idOf(column) : keys.columns.idOf(column)
    if (id >= 0) byId[slot < envelope.length ? id : firstColumn + id] = slot
  }
  const types = all.map(({ column, type }): ColumnType => (type === 'bool' && !isListed(column) ? 'string' : type))
  return {
    columns: all,
    envelope: envelope.length,
    byId,
    usual: Int32Array.from(types, type => usualKinds[type]),
    forms: types.map(type => usualForms[type]),
    addresses: all.flatMap((column, slot) => (isAddress(column) ? [slot] : [])),
  }
}

function isAddress({ column, fieldType, type }: Column): boolean {
  return (type === 'string' || type === 'datetime') && (fieldType === 'ip' || column === 'MacAddress')
}
