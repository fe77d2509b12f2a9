import { type KindName, kinds, type OutputConfig } from './kinds.ts'
import type { OutputKind } from './policy.ts'
import { TableFilter } from './tables.ts'

/** What an output does with a document. */
export interface OutputVerdict {
  readonly output: string
  readonly kind: KindName
  readonly takes: boolean
  /** Where it goes, or why it does not: a few words. */
  readonly detail: string
}

/** What an output would do with a document of this table now; the one place that knows all that may keep it away or change it. */
export function outputVerdict(
  { name, kind, options, tables, format, fields }: OutputConfig,
  table: string,
  time: Date,
): OutputVerdict {
  if (!new TableFilter(tables).wants(table)) {
    return { output: name, kind, takes: false, detail: `its tables are ${tables.join(', ')}` }
  }
  const { destination }: OutputKind = kinds[kind]
  const target = destination?.(options as never, table, time) ?? kind
  const parts = [target, ...(format === 'raw' ? ['the record as it was received'] : []), ...fieldWords(fields)]
  return { output: name, kind, takes: true, detail: parts.join('; ') }
}

function fieldWords({ drop, hash }: NonNullable<OutputConfig['fields']> = {}): string[] {
  return [...(drop ? [`without ${drop.join(', ')}`] : []), ...(hash ? [`hashes for ${hash.join(', ')}`] : [])]
}
