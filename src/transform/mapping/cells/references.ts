import { copyOf, hashOf, isSame, kept, viewOf } from '../../scan/bytes.ts'
import { bits, kind, texts } from '../../scan/kinds.ts'
import { toAction, toEntityId, toIp } from '../convert.ts'
import { isUsualUtc, toMillis } from '../dates.ts'
import { fullPath } from '../paths.ts'
import { splits } from '../split.ts'
import { scalarText, toBoolean, toLong } from '../values.ts'
import { type Cells, dateRefs } from './cells.ts'
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
  return ((texts >> cells.kinds[slot]!) & 1) !== 0
}

function date(cells: Cells, slot: number): number {
  if (isUsualDate(cells, slot)) return slot + 1 + dateRefs
  const value = cells.value(slot)
  return cells.worth(typeof value === 'string' ? toMillis(value) : undefined)
}

export function isUsualDate(cells: Cells, slot: number): boolean {
  return cells.kinds[slot] === kind.plain && isUsualUtc(cells.body, cells.from[slot]!, cells.to[slot]!)
}

export function ip(cells: Cells, slot: number): number {
  if (cells.kinds[slot] === kind.plain && isUsualIp(cells.body, cells.from[slot]!, cells.to[slot]!)) return slot + 1
  return toIp(cells.value(slot)) === undefined ? 0 : slot + 1
}

/** Four numbers with dots between them. */
function isUsualIp(body: Uint8Array, from: number, to: number): boolean {
  if (to - from < 7 || to - from > 15) return false
  let parts = 1
  let number = 0
  let digits = 0
  for (let at = from; at < to; at++) {
    const byte = body[at]!
    if (byte === 0x2e) {
      if (digits === 0) return false
      parts++
      number = 0
      digits = 0
    } else {
      if (byte < 0x30 || byte > 0x39 || (digits > 0 && number === 0)) return false
      number = number * 10 + byte - 0x30
      digits++
      if (number > 255) return false
    }
  }
  return parts === 4 && digits > 0
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
  if (isBare(cells, slot) && !hasCapital(cells.view, cells.from[slot]!, cells.to[slot]!)) return slot + 1
  return cells.worth(scalarText(cells.value(slot))?.toLowerCase())
}

/** By their texts: there are some hundred. */
const actions = new Map<string, DataView>()
const mostActions = 2000

function action(cells: Cells, slot: number): number {
  const lower = cells.lowered(slot)
  const known = lower === undefined ? undefined : actions.get(lower)
  if (known !== undefined) return cells.written(known, 0, known.byteLength)
  const text = toAction(cells.value(slot))
  if (lower !== undefined && actions.size < mostActions) actions.set(lower, written(text))
  return cells.worth(text)
}

/** Of ASCII. */
function hasCapital(view: DataView, from: number, to: number): boolean {
  let at = from
  for (; at <= to - 4; at += 4) {
    const word = view.getInt32(at, true)
    if (((word + 0x3f3f3f3f) & ~(word + 0x25252525) & 0x80808080) !== 0) return true
  }
  for (; at < to; at++) if (view.getUint8(at) >= 0x41 && view.getUint8(at) <= 0x5a) return true
  return false
}

/** -1 for a column that the table lacks. */
function full_path(cells: Cells, folder: number, file: number): number {
  if (!hasValue(cells, file)) return hasValue(cells, folder) ? text(cells, folder) : 0
  if (isBare(cells, folder) && isBare(cells, file) && endsWith(cells, folder, file)) return folder + 1
  return cells.worth(fullPath(valueAt(cells, folder), valueAt(cells, file)))
}

/** As `splitPath`: path, directory, name and extension. */
function path(cells: Cells, folder: number, file: number): boolean {
  const { parts, body } = cells
  const isUsual = isBare(cells, folder) && isBare(cells, file) && endsWith(cells, folder, file)
  if (!isUsual) return putParts(cells, 'path', valueAt(cells, folder), valueAt(cells, file))
  const from = cells.from[folder]!
  const end = endOfParent(body, from, cells.to[folder]!)
  const extension = startOfExtension(body, cells.from[file]!, cells.to[file]!)
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
  return endsWithName(cells.body, cells.from[folder]!, cells.to[folder]!, cells.from[file]!, cells.to[file]!)
}

function hasValue(cells: Cells, slot: number): boolean {
  return slot >= 0 && cells.kinds[slot]! > kind.empty
}

function valueAt(cells: Cells, slot: number): unknown {
  return slot < 0 ? undefined : cells.value(slot)
}

/**
 * A process has many records, and the hash of its id costs more than to look at the last one that fell into the same
 * place. A place has the number of the process, 23 bytes of its start, 40 of the device, and 30 of the id with quotes.
 */
const places = 1 << 14
const placeBytes = 128
const named = viewOf(Buffer.alloc(places * placeBytes))
const startAt = 4
const deviceAt = startAt + 24
const idAt = deviceAt + 40
const idBytes = 30
/** By place: the last record that refers to it, which must find it unchanged when it is written. */
const usedBy = new Float64Array(places)

/** Of number, start and device of a process. */
function entity_id(cells: Cells, pid: number, start: number, device: number): number {
  if (!isUsualProcess(cells, pid, start, device)) {
    const startText = start < 0 || cells.kinds[start]! <= kind.empty ? undefined : cells.of(date(cells, start))
    return cells.worth(toEntityId(valueAt(cells, pid), startText, valueAt(cells, device)))
  }
  const { body, view } = cells
  const number = cells.value(pid) as number
  const at = cells.from[start]!
  const from = cells.from[device]!
  const mixed = Math.imul(number ^ view.getInt32(at + 17, true) ^ view.getInt32(from, true), 0x9e3779b1)
  const place = (mixed ^ (mixed >>> 15)) & (places - 1)
  const base = place * placeBytes
  const isKnown =
    named.getInt32(base, true) === number &&
    isSame(named, base + startAt, view, at, 23) &&
    isSame(named, base + deviceAt, view, from, 40)
  if (!isKnown) {
    const id = toEntityId(number, cells.dateText(start), cells.value(device))!
    if (usedBy[place] === cells.serial) return cells.worth(id)
    const bytes = new Uint8Array(named.buffer, named.byteOffset + base, placeBytes)
    named.setInt32(base, number, true)
    bytes.set(body.subarray(at, at + 23), startAt)
    bytes.set(body.subarray(from, from + 40), deviceAt)
    bytes.set(Buffer.from(JSON.stringify(id)), idAt)
  }
  usedBy[place] = cells.serial
  return cells.written(named, base + idAt, base + idAt + idBytes)
}

/** Whether all of it fits a place of the table. */
function isUsualProcess(cells: Cells, pid: number, start: number, device: number): boolean {
  const { kinds, from, to } = cells
  if (pid < 0 || start < 0 || device < 0) return false
  const isNumber = kinds[pid] === kind.integer && to[pid]! - from[pid]! <= 9
  const isDevice = kinds[device] === kind.plain && to[device]! - from[device]! === 40
  return isNumber && isDevice && isUsualDate(cells, start)
}

interface Line {
  /** As it is written, with escapes. */
  readonly key: DataView
  readonly args: DataView
  readonly count: DataView
}

/** Command lines repeat: every record of a process has that of the initiating one. 4 MB in all at most. */
const lines: (Line | undefined)[] = new Array(0x400)
const longestLine = 1000

/** As the split of that name: arguments and their number. `ref` is a field's. */
function command_line(cells: Cells, ref: number): boolean {
  const { parts, view } = cells
  const slot = ref - 1
  const isUsual = ref > 0 && ref < dateRefs && isText(cells, slot)
  const from = isUsual ? cells.from[slot]! : 0
  const to = isUsual ? cells.to[slot]! : 0
  if (to - from < 4 || to - from > longestLine) {
    return putParts(cells, 'command_line', cells.of(ref))
  }
  const place = hashOf(view, from, to) & 0x3ff
  let line = lines[place]
  if (line === undefined || line.key.byteLength !== to - from || !isSame(line.key, 0, view, from, to - from)) {
    const split = splits.command_line!.run(cells.of(ref))
    if (split === undefined) return false
    line = { key: copyOf(view, from, to), args: written(split.args), count: written(split.count) }
    lines[place] = line
  }
  parts[0] = cells.written(line.args, 0, line.args.byteLength)
  parts[1] = cells.written(line.count, 0, line.count.byteLength)
  return true
}

function written(value: unknown): DataView {
  return kept(Buffer.from(JSON.stringify(value)))
}
