import { scratchAt } from '../layout'
import { copy } from './bytes'

/** The message, padded, and behind it the eighty words of a block. */
const messageAt: usize = scratchAt
const wordsAt: usize = scratchAt + 1024
export const mostBytes: usize = 900

let a: u32 = 0
let b: u32 = 0
let c: u32 = 0
let d: u32 = 0
let e: u32 = 0

/** Appends bytes to what is to be hashed; `at` is how many there are before. */
export function append(at: usize, from: usize, length: usize): usize {
  copy(messageAt + at, from, length)
  return at + length
}

export function appendByte(at: usize, byte: u32): usize {
  store<u8>(messageAt + at, byte)
  return at + 1
}

/** Writes the SHA-1 of the first `length` bytes, at most `mostBytes`, in base64, which takes 28 bytes. */
export function writeHash(length: usize, to: usize): void {
  const padded = (length + 9 + 63) & ~63
  memory.fill(messageAt + length, 0, padded - length)
  store<u8>(messageAt + length, 0x80)
  store<u32>(messageAt + padded - 4, bswap((length << 3) as u32))
  a = 0x67452301
  b = 0xefcdab89
  c = 0x98badcfe
  d = 0x10325476
  e = 0xc3d2e1f0
  for (let block: usize = 0; block < padded; block += 64) addBlock(messageAt + block)
  store<u32>(wordsAt, bswap(a))
  store<u32>(wordsAt, bswap(b), 4)
  store<u32>(wordsAt, bswap(c), 8)
  store<u32>(wordsAt, bswap(d), 12)
  store<u32>(wordsAt, bswap(e), 16)
  writeBase64(to)
}

function addBlock(block: usize): void {
  for (let at: usize = 0; at < 64; at += 4) store<u32>(wordsAt + at, bswap(load<u32>(block + at)))
  for (let at: usize = wordsAt + 64; at < wordsAt + 320; at += 4) {
    store<u32>(at, rotl(load<u32>(at - 12) ^ load<u32>(at - 32) ^ load<u32>(at - 56) ^ load<u32>(at - 64), 1))
  }
  const a0 = a
  const b0 = b
  const c0 = c
  const d0 = d
  const e0 = e
  let at = wordsAt
  for (; at < wordsAt + 80; at += 4) turn(((c ^ d) & b) ^ d, 0x5a827999, at)
  for (; at < wordsAt + 160; at += 4) turn(b ^ c ^ d, 0x6ed9eba1, at)
  for (; at < wordsAt + 240; at += 4) turn((b & c) | ((b | c) & d), 0x8f1bbcdc, at)
  for (; at < wordsAt + 320; at += 4) turn(b ^ c ^ d, 0xca62c1d6, at)
  a += a0
  b += b0
  c += c0
  d += d0
  e += e0
}

function turn(mixed: u32, constant: u32, word: usize): void {
  const next = rotl(a, 5) + mixed + e + constant + load<u32>(word)
  e = d
  d = c
  c = rotl(b, 30)
  b = a
  a = next
}

/** Of the twenty bytes at `wordsAt`, with one `=` at the end. */
function writeBase64(to: usize): void {
  store<u8>(wordsAt + 20, 0)
  let at = wordsAt
  for (let n = 0; n < 7; n++, at += 3, to += 4) {
    const bits: u32 = (load<u8>(at) << 16) | (load<u8>(at, 1) << 8) | load<u8>(at, 2)
    store<u8>(to, letter(bits >> 18))
    store<u8>(to, letter((bits >> 12) & 63), 1)
    store<u8>(to, letter((bits >> 6) & 63), 2)
    store<u8>(to, letter(bits & 63), 3)
  }
  store<u8>(to - 1, 0x3d)
}

/** Without branches, which nobody could foretell. */
function letter(six: u32): u32 {
  let shift = select<u32>(0x61 - 26, 0x41, six > 25)
  shift = select<u32>(0x30 - 52, shift, six > 51)
  shift = select<u32>(0x2b - 62, shift, six === 62)
  return six + select<u32>(0x2f - 63, shift, six === 63)
}
