import { integer, plain } from '../kinds'
import { isAnyOf } from './bytes'
import { fromOf, kindOf, toOf } from './cells'
import { backslash, bar, letterZ, quote } from './characters'
import { isUsualIp, isUsualUtc } from './forms'
import { append, appendByte, mostBytes, writeHash } from './sha1'

/** What the mapping asks about bytes. Texts here are of ASCII, and stand in slots or between two places. */

/** Whether a slot has a date of the most usual form. */
export function isUsualDate(slot: i32): bool {
  return isPlain(slot) && isUsualUtc(fromOf(slot), toOf(slot))
}

/** Whether a slot has an IPv4 address. */
export function isUsualAddress(slot: i32): bool {
  return isPlain(slot) && isUsualIp(fromOf(slot), toOf(slot))
}

/**
 * Writes the id of a process, in quotes, from the slots of its number, its start and its device: the SHA-1 of a NUL byte and
 * `number|start|device`, the start cut to milliseconds. Returns where that ends; 0 where one of them is not of the most
 * usual form.
 */
export function processId(number: i32, start: i32, device: i32, to: usize): usize {
  const length = toOf(device) - fromOf(device)
  if (kindOf(number) !== integer || !isUsualDate(start) || !isPlain(device)) return 0
  if (length > mostBytes - 64) return 0
  let at = appendByte(0, 0)
  at = append(at, fromOf(number), toOf(number) - fromOf(number))
  at = appendByte(at, bar)
  at = append(at, fromOf(start), 23)
  at = appendByte(at, letterZ)
  at = appendByte(at, bar)
  at = append(at, fromOf(device), length)
  writeHash(at, to + 1)
  store<u8>(to, quote)
  store<u8>(to, quote, 29)
  return to + 30
}

export function hasCapital(slot: i32): bool {
  const end = toOf(slot)
  for (let at = fromOf(slot); at < end; at += 16) {
    if (isAnyOf(i8x16.bitmask(capitalsOf(v128.load(at))), (end - at) as i32)) return true
  }
  return false
}

/** Writes the text of the slot in lower case, with quotes; returns where that ends. */
export function lower(slot: i32, to: usize): usize {
  const end = toOf(slot)
  store<u8>(to, quote)
  to++
  const start = fromOf(slot)
  for (let at = start; at < end; at += 16) {
    const bytes = v128.load(at)
    v128.store(to + (at - start), v128.or(bytes, v128.and(capitalsOf(bytes), i8x16.splat(0x20))))
  }
  to += end - start
  store<u8>(to, quote)
  return to + 1
}

/** Writes a text without its escapes and without quotes; returns where that ends, 0 for one beyond ASCII. */
export function withoutEscapes(from: usize, end: usize, to: usize): usize {
  const backslashes = i8x16.splat(backslash as i8)
  const blanks = i8x16.splat(0x20)
  while (from < end) {
    const bytes = v128.load(from)
    v128.store(to, bytes)
    const marks = i8x16.bitmask(v128.or(i8x16.eq(bytes, backslashes), i8x16.lt_s(bytes, blanks)))
    const step: usize = marks === 0 ? 16 : (ctz(marks) as usize)
    from += step
    to += step
    if (marks === 0 || from >= end) continue
    if (load<u8>(from) !== backslash) return 0
    const byte = unescaped(load<u8>(from, 1))
    if (byte === 0) return 0
    store<u8>(to, byte)
    to++
    from += 2
  }
  return to - (from - end)
}

function unescaped(byte: u32): u32 {
  if (byte === quote || byte === backslash || byte === 0x2f) return byte
  if (byte === 0x6e) return 0x0a
  if (byte === 0x72) return 0x0d
  if (byte === 0x74) return 0x09
  return byte === 0x62 ? 0x08 : byte === 0x66 ? 0x0c : 0
}

function capitalsOf(bytes: v128): v128 {
  return i8x16.le_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(25))
}

function isPlain(slot: i32): bool {
  return kindOf(slot) === plain
}
