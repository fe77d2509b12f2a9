import { valueAt } from '../../../src/transform/cases/documents.ts'
import { fullPath } from '../../../src/transform/mapping/datasets.ts'
import { usualLimits } from '../../../src/transform/options.ts'
import type { DefenderRecord, MapperOptions } from '../../../src/transform/record.ts'

/** A value of an event's document; `V.` stands for its vendor fields. */
export function at(document: unknown, path: string): unknown {
  return valueAt(document, fullPath(path, 'event'))
}

export const usual: MapperOptions = {
  strict: false,
  preserveDuplicateCustomFields: false,
  limits: usualLimits,
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
export function written(document: object | undefined): Record<string, unknown> {
  if (document === undefined) throw new Error('there is no document')
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>
}
