import { parseArgs } from 'node:util'
import { measureCoverage } from './tables/measure.ts'
import { details, summary } from './tables/report.ts'

// `npm run coverage:tables -- [--table NAME] [--json]`: which fields of a document each column of each table reaches.
const { values } = parseArgs({ options: { table: { type: 'string' }, json: { type: 'boolean', default: false } } })

const tables = measureCoverage()
const name = values.table
const chosen = name === undefined ? tables : tables.filter(({ table }) => table.toLowerCase() === name.toLowerCase())

if (chosen.length === 0) {
  console.error(`there is no table ${name}; the tables are ${tables.map(({ table }) => table).join(', ')}`)
  process.exitCode = 64
} else {
  const { text, missing } = name === undefined ? summary(chosen) : details(chosen[0]!)
  console.log(values.json ? JSON.stringify({ tables: chosen, missing }) : text)
  for (const one of missing) console.error(`missing: ${one}`)
  if (missing.length > 0) process.exitCode = 1
}
