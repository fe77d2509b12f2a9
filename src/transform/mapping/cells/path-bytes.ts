/**
 * What `paths.ts` says of paths, for the bytes of texts whose only escapes are `\\\\`: so every backslash is one of a pair,
 * and every other byte stands for itself.
 */

const backslash = 0x5c
const slash = 0x2f
const dot = 0x2e

/** Whether the path ends with a file's name, case aside, and a separator or nothing before it. */
export function endsWithName(body: Uint8Array, from: number, to: number, name: number, nameEnd: number): boolean {
  const start = to - (nameEnd - name)
  if (start < from) return false
  for (let at = start, other = name; at < to; at++, other++) {
    const byte = body[at]!
    if (byte !== body[other] && (!isLetter(byte) || (byte ^ 0x20) !== body[other])) return false
  }
  return start === from || isSeparator(body[start - 1])
}

/** Where the folder that the path names ends; `from` or less where there is none. */
export function endOfParent(body: Uint8Array, from: number, to: number): number {
  // There a backslash is a part of a name.
  const isPosix = body[from] === slash
  if (!isPosix) {
    for (let at = to - 1; at > from; at--) if (body[at] === backslash) return at - 1
  }
  for (let at = to - 1; at >= from; at--) if (body[at] === slash) return at
  return -1
}

/** Where the extension begins; `to` where there is none. */
export function startOfExtension(body: Uint8Array, from: number, to: number): number {
  for (let at = to - 1; at >= from; at--) if (body[at] === dot) return at + 1
  return to
}

function isSeparator(byte: number | undefined): boolean {
  return byte === backslash || byte === slash
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
}
