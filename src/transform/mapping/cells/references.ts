import { bits } from '../../kernel/bits.ts'
import * as kind from '../../kernel/kinds.ts'
import { dateRefs } from '../../kernel/layout.ts'
import { toAction, toEntityId, toIp } from '../convert.ts'
import { toMillis } from '../dates.ts'
import { fullPath } from '../paths.ts'
import { splits } from '../split.ts'
import { scalarText, toBoolean, toLong } from '../values.ts'
import type { Cells } from './cells.ts'
import { endOfParent, endsWithName, startOfExtension } from './path-bytes.ts'

/**
 * Conversions of columns, and of fields, that give references: mostly to bytes of the record, so that no value has to be
 * made. Each comes to the same as the conversion of its name in `convert.ts`, or the split in `split.ts`.
 */
export const references = { date, ip, long, boolean, text, lower, action, full_path, entity_id }

/** Splits give the references of their parts in `parts`, and whether there are any. */
export const referenceSplits = { path, command_line }

const bare = bits(kind.plain, kind.path)

function isBare(cells: Cells, slot: number): boolean {
  return ((bare >> cells.kinds[slot]!) & 1) !== 0
}

function isText(cells: Cells, slot: number): boolean {
  return ((kind.texts >> cells.kinds[slot]!) & 1) !== 0
}

function date(cells: Cells, slot: number): number {
  if (cells.kernel.run.isUsualDate(slot) !== 0) return slot + 1 + dateRefs
  const value = cells.value(slot)
  return cells.worth(typeof value === 'string' ? toMillis(value) : undefined)
}

export function ip(cells: Cells, slot: number): number {
  if (cells.kernel.run.isUsualAddress(slot) !== 0) return slot + 1
  return toIp(cells.value(slot)) === undefined ? 0 : slot + 1
}

function long(cells: Cells, slot: number): number {
  return cells.kinds[slot] === kind.integer ? slot + 1 : cells.worth(toLong(cells.value(slot)))
}

function boolean(cells: Cells, slot: number): number {
  const isBoolean = cells.kinds[slot] === kind.truth || cells.kinds[slot] === kind.falsity
  return isBoolean ? slot + 1 : cells.worth(toBoolean(cells.value(slot)))
}

function text(cells: Cells, slot: number): number {
  const what = cells.kinds[slot]!
  if (isText(cells, slot)) return slot + 1
  if (what === kind.integer || what === kind.long) return cells.part(cells.from[slot]!, cells.to[slot]!)
  return cells.worth(scalarText(cells.value(slot)))
}

function lower(cells: Cells, slot: number): number {
  if (isBare(cells, slot)) return cells.kernel.run.hasCapital(slot) === 0 ? slot + 1 : cells.inLowerCase(slot)
  return cells.worth(scalarText(cells.value(slot))?.toLowerCase())
}

function action(cells: Cells, slot: number): number {
  const known = cells.known(slot)?.action
  return known === undefined ? cells.worth(toAction(cells.value(slot))) : cells.written(known.from, known.to)
}

/** -1 for a column that the table lacks. */
function full_path(cells: Cells, folder: number, file: number): number {
  if (!hasValue(cells, file)) return hasValue(cells, folder) ? text(cells, folder) : 0
  if (isBare(cells, folder) && isBare(cells, file) && endsWith(cells, folder, file)) return folder + 1
  return cells.worth(fullPath(valueAt(cells, folder), valueAt(cells, file)))
}

/** As `splitPath`: path, directory, name and extension. */
function path(cells: Cells, folder: number, file: number): boolean {
  const { parts, bytes } = cells
  const isUsual = isBare(cells, folder) && isBare(cells, file) && endsWith(cells, folder, file)
  if (!isUsual) return putParts(cells, 'path', valueAt(cells, folder), valueAt(cells, file))
  const from = cells.from[folder]!
  const end = endOfParent(bytes, from, cells.to[folder]!)
  const extension = startOfExtension(bytes, cells.from[file]!, cells.to[file]!)
  parts[0] = folder + 1
  parts[1] = end <= from ? 0 : cells.part(from, end)
  parts[2] = file + 1
  parts[3] = cells.part(extension, cells.to[file]!)
  return true
}

/** By the split itself. */
function putParts(cells: Cells, name: keyof typeof referenceSplits, ...values: unknown[]): boolean {
  const { parts, run } = splits[name]!
  const split = run(...values)
  if (split === undefined) return false
  for (const [index, part] of parts.entries()) cells.parts[index] = cells.worth(split[part])
  return true
}

function endsWith(cells: Cells, folder: number, file: number): boolean {
  return endsWithName(cells.bytes, cells.from[folder]!, cells.to[folder]!, cells.from[file]!, cells.to[file]!)
}

function hasValue(cells: Cells, slot: number): boolean {
  return slot >= 0 && cells.kinds[slot]! > kind.empty
}

function valueAt(cells: Cells, slot: number): unknown {
  return slot < 0 ? undefined : cells.value(slot)
}

/** Of number, start and device of a process. */
function entity_id(cells: Cells, pid: number, start: number, device: number): number {
  if (!hasValue(cells, pid) || !hasValue(cells, start) || !hasValue(cells, device)) return 0
  const known = cells.processId(pid, start, device)
  if (known !== 0) return known
  return cells.worth(toEntityId(cells.value(pid), cells.of(date(cells, start)), cells.value(device)))
}

/** As the split of that name: arguments and their number. `ref` is a field's. */
function command_line(cells: Cells, ref: number): boolean {
  const isUsual = ref > 0 && ref < dateRefs && isText(cells, ref - 1)
  const known = isUsual ? cells.remembered.commandLine(cells, ref - 1) : undefined
  if (known === undefined) return putParts(cells, 'command_line', cells.of(ref))
  cells.parts[0] = cells.written(known.args, known.count)
  cells.parts[1] = cells.written(known.count, known.end)
  return true
}
