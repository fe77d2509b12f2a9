import { isNumberToken } from '../digits.ts'
import { endOfNumberBytes, isDigit } from '../numbers.ts'
import { kind } from './kinds.ts'

const zero = 0x30
const minus = 0x2d
const point = 0x2e

/** Where a number ends that begins at `from`, times 16, and its kind. Undefined for what is no number of JSON. */
export function endOfNumber(body: Buffer, from: number): number | undefined {
  const isNegative = body[from] === minus
  const first = isNegative ? from + 1 : from
  let at = first
  while (isDigit(body[at]!)) at++
  const digits = at - first
  if (digits === 0 || (digits > 1 && body[first] === zero)) return undefined
  if (body[at] === point || isExponent(body[at])) return endOfFraction(body, from, at)
  // A double takes -0, and does not give it back.
  if (isNegative && body[first] === zero) return at * 16 + kind.number
  return at * 16 + (digits <= 15 ? kind.integer : digits <= 18 ? kind.long : kind.number)
}

function endOfFraction(body: Buffer, from: number, start: number): number | undefined {
  const end = endOfNumberBytes(body, start)
  return isNumberToken(body.toString('latin1', from, end)) ? end * 16 + kind.number : undefined
}

function isExponent(byte: number | undefined): boolean {
  return byte === 0x65 || byte === 0x45
}
