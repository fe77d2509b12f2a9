export const space: u32 = 0x20
export const quote: u32 = 0x22
export const comma: u32 = 0x2c
export const minus: u32 = 0x2d
export const zero: u32 = 0x30
export const colon: u32 = 0x3a
export const letterZ: u32 = 0x5a
export const openBracket: u32 = 0x5b
export const backslash: u32 = 0x5c
export const closeBracket: u32 = 0x5d
export const openBrace: u32 = 0x7b
export const bar: u32 = 0x7c
export const closeBrace: u32 = 0x7d

export function isDigit(byte: u32): bool {
  return byte - zero <= 9
}
