import { isDigit } from './characters'

/**
 * The form of dates that is most usual: with three to nine digits below a second, the Z sometimes missing. False for days
 * from the 29th on, too, which somebody has to look at who knows months.
 */
export function isUsualUtc(from: usize, to: usize): bool {
  const end = load<u8>(to - 1) === 0x5a ? to - 1 : to
  const length = (end - from) as i32
  if (length < 23 || length > 29) return false
  // Digits become zeros, and the marks what they are.
  const bytes = v128.load(from)
  const digits = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(9))
  if ((i8x16.bitmask(digits) & 0xffff) !== 0b1101101101101111) return false
  const hasMarks =
    load<u8>(from, 4) === 0x2d &&
    load<u8>(from, 7) === 0x2d &&
    load<u8>(from, 10) === 0x54 &&
    load<u8>(from, 13) === 0x3a &&
    load<u8>(from, 16) === 0x3a &&
    load<u8>(from, 19) === 0x2e
  if (!hasMarks || !isDigit(load<u8>(from, 17)) || !isDigit(load<u8>(from, 18))) return false
  for (let at = from + 20; at < end; at++) if (!isDigit(load<u8>(at))) return false
  const month = twoDigits(from + 5)
  const day = twoDigits(from + 8)
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    twoDigits(from + 11) <= 23 &&
    twoDigits(from + 14) <= 59 &&
    twoDigits(from + 17) <= 59
  )
}

function twoDigits(at: usize): i32 {
  return load<u8>(at) * 10 + load<u8>(at, 1) - 0x30 * 11
}

/** Four numbers with dots between them. */
export function isUsualIp(from: usize, to: usize): bool {
  const length = (to - from) as i32
  if (length < 7 || length > 15) return false
  let parts = 1
  let number: u32 = 0
  let digits = 0
  for (let at = from; at < to; at++) {
    const byte: u32 = load<u8>(at)
    if (byte === 0x2e) {
      if (digits === 0) return false
      parts++
      number = 0
      digits = 0
    } else {
      if (!isDigit(byte) || (digits > 0 && number === 0)) return false
      number = number * 10 + byte - 0x30
      digits++
      if (number > 255) return false
    }
  }
  return parts === 4 && digits > 0
}
