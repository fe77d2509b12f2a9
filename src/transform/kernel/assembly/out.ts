import { stateNeed, stateOut, stateOutEnd } from '../layout'
import { copy } from './bytes'
import { quote } from './characters'
import { get, set } from './state'

/** More than any value needs beside its bytes: quotes, and what is copied in whole sixteens. */
const spare = 64

/** Where the next byte goes, how far it may, and where it went before the step at hand. */
export let out: usize = 0
let outEnd: usize = 0
let before: usize = 0

/** Takes up where the caller left off. */
export function take(): void {
  out = get(stateOut) as usize
  outEnd = get(stateOutEnd) as usize
}

export function leave(): void {
  set(stateOut, out as i32)
}

export function beginStep(): void {
  before = out
}

/** Takes back what was written behind this place. */
export function backTo(at: usize): void {
  out = at
}

/** Whether there is room for so many bytes and a few more; if not, the step is as if it had not been begun. */
export function hasRoom(bytes: usize): bool {
  if (out + bytes + spare <= outEnd) return true
  set(stateNeed, (out - before + bytes + spare) as i32)
  out = before
  return false
}

export function lastByte(): u32 {
  return load<u8>(out - 1)
}

export function replaceLast(byte: u32): void {
  store<u8>(out - 1, byte)
}

export function writeByte(byte: u32): void {
  store<u8>(out, byte)
  out++
}

export function writeBytes(from: usize, length: usize): void {
  copy(out, from, length)
  out += length
}

export function writeQuoted(from: usize, length: usize): void {
  writeByte(quote)
  writeBytes(from, length)
  writeByte(quote)
}

/** Of a date that is cut to milliseconds, with quotes. */
export function writeDate(from: usize): void {
  v128.store(out, v128.load(from - 1))
  store<u64>(out, load<u64>(from, 15), 16)
  store<u16>(out, 0x225a, 24)
  out += 26
}

export function writeNumber(number: u32): void {
  let end = out + 1
  for (let rest = number; rest >= 10; rest /= 10) end++
  for (let at = end - 1; at >= out; at--) {
    store<u8>(at, 0x30 + (number % 10))
    number /= 10
  }
  out = end
}
