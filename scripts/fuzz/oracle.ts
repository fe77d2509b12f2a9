import { parseJson } from '../../src/core/parse-json.ts'
import type { RejectReason } from '../../src/core/types.ts'

/**
 * What a message is, by the letter of JSON and UTF-8. It is decoded and its envelope is read by other means than the
 * transform's own; the values come from `parseJson`, which its own tests hold against values that nobody parsed.
 */
export function readBody(
  body: Uint8Array,
): { readonly records: readonly unknown[] } | { readonly reason: RejectReason } {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return { reason: 'bad_encoding' }
  }
  let value: unknown
  try {
    value = parseJson(text)
  } catch {
    return { reason: 'invalid_json' }
  }
  if (typeof value !== 'object' || value === null) return { reason: 'invalid_json' }
  const records: unknown = Object.hasOwn(value, 'records') ? (value as { records: unknown }).records : undefined
  return Array.isArray(records) ? { records } : { reason: 'bad_envelope' }
}

/** Why a record cannot become a document; none when it has to. More than one where either may be found first. */
export function whyUnusable(record: unknown, limits: { depth: number; keys: number }): RejectReason[] {
  if (!isObject(record) || typeof record.category !== 'string' || !isObject(record.properties)) return ['bad_envelope']
  const { properties, ...beside } = record
  const [envelope, columns] = [measure(beside), measure(properties as object)]
  const reasons: RejectReason[] = []
  // What stands beside the properties counts as if it stood in them.
  if (Math.max(envelope.depth, columns.depth) + 1 > limits.depth) reasons.push('too_deep')
  if (envelope.keys + columns.keys + 1 > limits.keys) reasons.push('too_large')
  return reasons
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Levels of objects and lists, and the number of their keys and elements. Without recursion. */
function measure(root: object): { depth: number; keys: number } {
  let level = [root]
  let [depth, keys] = [0, 0]
  for (; level.length > 0; depth++) {
    const children = level.flatMap(holder => Object.values(holder) as unknown[])
    keys += children.length
    level = children.filter(child => typeof child === 'object' && child !== null)
  }
  return { depth, keys }
}
