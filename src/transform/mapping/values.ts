import { exactDigits, isExactNumber, rawJson } from '../digits.ts'

/** null, "", {} and [] carry nothing and are left out everywhere. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  if (typeof value !== 'object' || isExactNumber(value)) return false
  if (Array.isArray(value)) return value.length === 0
  for (const _key in value) return false
  return true
}

/** An own member of an object; undefined for anything else. */
export function member(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return undefined
  return (holder as Record<string, unknown>)[key]
}

/** The same for rules, which see nothing of what is empty, and scalars as text, so that digits survive. */
export function innerValue(holder: unknown, key: string): unknown {
  const value = member(holder, key)
  return scalarText(value) ?? (isEmpty(value) || value === undefined ? undefined : value)
}

/** The value as text with all its digits; undefined for objects, lists and what is empty. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return isExactNumber(value) ? exactDigits(value) : undefined
}

/** Nothing for "". */
export function optional(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

/** A number or digits as what a `long` field takes: a number, or all digits where a double cannot hold them. */
export function toLong(value: unknown): number | object | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  const text = scalarText(value)
  if (text === undefined || text.length > 24 || !/^-?\d+$/.test(text)) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number)) return Object.is(number, -0) ? rawJson('-0') : number
  const exact = BigInt(text)
  return BigInt.asIntN(64, exact) === exact ? rawJson(String(exact)) : undefined
}

/** The forms in which the service sends booleans; exact lower case. */
export function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 1 || value === '1' || value === 'true') return true
  return value === 0 || value === '0' || value === 'false' ? false : undefined
}

/** JSON text of anything, for what no field can take. */
export function jsonText(value: unknown): string {
  return scalarText(value) ?? JSON.stringify(value)
}

export interface Bounds {
  /** Levels and keys that are still allowed. */
  depth: number
  keys: number
}

/** Which bound a value breaks; counts its keys and elements down. Goes no deeper than is allowed: the input may be hostile. */
export function exceeds(value: object, bounds: Bounds): 'depth' | 'keys' | undefined {
  return exceedsAt(value, bounds.depth, bounds)
}

function exceedsAt(holder: object, depth: number, bounds: Bounds): 'depth' | 'keys' | undefined {
  if (depth <= 0) return 'depth'
  if (Array.isArray(holder)) {
    bounds.keys -= holder.length
    if (bounds.keys < 0) return 'keys'
    for (const item of holder) {
      const broken = typeof item === 'object' && item !== null ? exceedsAt(item, depth - 1, bounds) : undefined
      if (broken !== undefined) return broken
    }
    return undefined
  }
  for (const key in holder) {
    if (--bounds.keys < 0) return 'keys'
    const item = (holder as Record<string, unknown>)[key]
    const broken = typeof item === 'object' && item !== null ? exceedsAt(item, depth - 1, bounds) : undefined
    if (broken !== undefined) return broken
  }
  return undefined
}

/**
 * Without empty values at any depth, exact numbers as raw JSON. The value itself where nothing is to be changed, which is
 * the normal case. Bounded depth: call `exceeds` first.
 */
export function clean(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === '' || value === null ? undefined : value
  if (isExactNumber(value)) return rawJson(exactDigits(value))
  return Array.isArray(value) ? cleanList(value) : cleanObject(value as Record<string, unknown>)
}

function cleanList(list: readonly unknown[]): readonly unknown[] | undefined {
  let changed = false
  const kept: unknown[] = []
  for (const item of list) {
    const inner = clean(item)
    if (inner !== item) changed = true
    if (inner !== undefined) kept.push(inner)
  }
  if (kept.length === 0) return undefined
  return changed ? kept : list
}

function cleanObject(value: Record<string, unknown>): object | undefined {
  let rest: Record<string, unknown> | undefined
  let size = 0
  for (const key in value) {
    const item = value[key]
    const inner = clean(item)
    if (inner !== undefined) size++
    if (inner === item) continue
    // A spread keeps a key `__proto__` plain data, and so does changing that one afterwards.
    rest ??= { ...value }
    if (inner === undefined) delete rest[key]
    else rest[key] = inner
  }
  return size === 0 ? undefined : (rest ?? value)
}
