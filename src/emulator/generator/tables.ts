import { readdirSync, readFileSync } from 'node:fs'

export type ColumnType = 'string' | 'datetime' | 'long' | 'int' | 'real' | 'bool' | 'dynamic'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
}

const directory = new URL('../../../schemas/', import.meta.url)

let tables: Map<string, Table> | undefined

/** All documented tables by name, read once from the committed schemas; what comes from the APIs is none. */
export function documentedTables(): ReadonlyMap<string, Table> {
  tables ??= new Map(
    readdirSync(directory)
      .filter(file => /^[A-Z].*\.json$/.test(file))
      .sort()
      .map(file => {
        const table = readTable(file)
        return [table.name, table]
      }),
  )
  return tables
}

function readTable(file: string): Table {
  const schema: { title: string; properties: Record<string, { 'x-type': ColumnType }> } = JSON.parse(
    readFileSync(new URL(file, directory), 'utf8'),
  )
  const columns = Object.entries(schema.properties).map(([name, property]) => ({ name, type: property['x-type'] }))
  return { name: schema.title, columns }
}
