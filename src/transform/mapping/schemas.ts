import { readdirSync, readFileSync } from 'node:fs'
import { packageFolder } from '../../core/package-folder.ts'

/** The types of Microsoft's hunting schema. */
export type ColumnType = 'string' | 'datetime' | 'long' | 'int' | 'real' | 'bool' | 'dynamic'

export interface TableSchema {
  readonly table: string
  readonly columns: ReadonlyMap<string, ColumnType>
  /** The JSON schema as it stands in the file. */
  readonly schema: Record<string, unknown> & { properties: Record<string, Record<string, unknown>> }
}

/** Every table that has a schema. Read once per thread. */
export function loadSchemas(): TableSchema[] {
  const directory = packageFolder('schemas')
  return readdirSync(directory)
    .filter(file => file.endsWith('.json') && file !== 'envelope.json')
    .sort()
    .map(file => {
      const schema = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as TableSchema['schema']
      const columns = Object.entries(schema.properties).map(([column, type]) => [column, type['x-type']] as const)
      return { table: file.slice(0, -'.json'.length), schema, columns: new Map(columns as [string, ColumnType][]) }
    })
}
