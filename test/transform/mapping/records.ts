import type { DefenderRecord, MapperOptions } from '../../../src/transform/record.ts'

export const usual: MapperOptions = {
  strict: false,
  preserveDuplicateCustomFields: false,
  limits: { depth: 64, keys: 10_000 },
}

/** A record of a table as it comes from a message, with what the test says of it. */
export function recordOf(
  table: string,
  properties: Record<string, unknown>,
  rest: Partial<DefenderRecord> = {},
): DefenderRecord {
  const category = `AdvancedHunting-${table}`
  return {
    table,
    category,
    properties,
    id: 'document-1',
    index: 0,
    sanitized: false,
    position: undefined,
    original: undefined,
    ...rest,
    envelope: { category, ...rest.envelope, properties },
  }
}

/** The document as an output gets it. */
export function written(document: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>
}

/** The value at a dot path; `V.` stands for the vendor fields. Keys that hold dots themselves are found too. */
export function at(document: unknown, path: string): unknown {
  const full = path.startsWith('V.') ? `m365_defender.event.${path.slice(2)}` : path
  return find(document, full.split('.'))
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
