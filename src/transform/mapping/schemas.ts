import { readdirSync, readFileSync } from 'node:fs'
import { packageFolder } from '../../core/package-folder.ts'
import type { Dataset } from '../../core/types.ts'

/** The types of Microsoft's hunting schema. */
export type ColumnType = 'string' | 'datetime' | 'long' | 'int' | 'real' | 'bool' | 'dynamic'

export interface TableSchema {
  readonly table: string
  readonly columns: ReadonlyMap<string, ColumnType>
  /** The JSON schema as it stands in the file. */
  readonly schema: Record<string, unknown> & { properties: Record<string, Record<string, unknown>> }
}

/** Every table of the dataset that has a schema; what an API gives is one table. Read once per thread. */
export function loadSchemas(dataset: Dataset = 'event'): TableSchema[] {
  const directory = packageFolder('schemas')
  return (
    readdirSync(directory)
      // Tables of events begin with a capital.
      .filter(file => (dataset === 'event' ? /^[A-Z].*\.json$/.test(file) : file === `${dataset}.json`))
      .sort()
      .map(file => {
        const schema = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as TableSchema['schema']
        const columns = Object.entries(schema.properties).map(([column, type]) => [column, type['x-type']] as const)
        return { table: file.slice(0, -'.json'.length), schema, columns: new Map(columns as [string, ColumnType][]) }
      })
  )
}
