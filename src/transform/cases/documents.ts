import { exactDigits, isExactNumber } from '../digits.ts'

/** The value at a full dot path; keys that hold dots themselves are found too. */
export function valueAt(document: unknown, path: string): unknown {
  return find(document, path.split('.'))
}

/** Every field of a document with its value: a list is one value. */
export function fieldsOf(document: unknown, prefix = ''): [path: string, value: unknown][] {
  if (typeof document !== 'object' || document === null || Array.isArray(document) || isExactNumber(document)) {
    return [[prefix, document]]
  }
  return Object.entries(document).flatMap(([key, value]) => fieldsOf(value, prefix === '' ? key : `${prefix}.${key}`))
}

/** Whether two values are the same JSON: the order of keys does not count, that of lists does, and every digit. */
export function isSame(left: unknown, right: unknown): boolean {
  if (isExactNumber(left) || isExactNumber(right)) {
    return isExactNumber(left) && isExactNumber(right) && exactDigits(left) === exactDigits(right)
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every(key => Object.hasOwn(right, key) && isSame(left[key as never], right[key as never]))
  )
}

function find(value: unknown, parts: readonly string[]): unknown {
  if (parts.length === 0) return value
  if (typeof value !== 'object' || value === null) return undefined
  for (let length = 1; length <= parts.length; length++) {
    const key = parts.slice(0, length).join('.')
    if (!Object.hasOwn(value, key)) continue
    const found = find((value as Record<string, unknown>)[key], parts.slice(length))
    if (found !== undefined) return found
  }
  return undefined
}
