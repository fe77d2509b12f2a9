/** Copies in whole sixteens: up to 15 bytes more are read and written than asked for. */
export function copy(to: usize, from: usize, length: usize): void {
  const end = from + length
  while (from < end) {
    v128.store(to, v128.load(from))
    to += 16
    from += 16
  }
}

/** Whether `length` bytes are the same; looks at up to 15 more. */
export function isSame(a: usize, b: usize, length: i32): bool {
  while (length > 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) !== 0xffff) return false
    a += 16
    b += 16
    length -= 16
  }
  const wanted = (1 << length) - 1
  return (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) & wanted) === wanted
}

export function hashOf(from: usize, to: usize): u32 {
  let sum: u32 = (to - from) as u32
  for (; from + 4 <= to; from += 4) sum = (sum ^ load<u32>(from)) * 0x9e3779b1
  for (; from < to; from++) sum = (sum ^ load<u8>(from)) * 0x9e3779b1
  return sum ^ (sum >> 15)
}

/** Whether any of the first `count` marks is set. */
export function isAnyOf(marks: i32, count: i32): bool {
  return marks !== 0 && (count >= 16 || (marks & ((1 << count) - 1)) !== 0)
}
