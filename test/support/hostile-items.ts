import { readdirSync, readFileSync } from 'node:fs'
import type { Dataset } from '../../src/core/types.ts'
import { readCases } from '../../src/transform/cases/read-cases.ts'
import { type Collected, holders } from '../../src/transform/mapping/datasets.ts'
import { loadSchemas } from '../../src/transform/mapping/schemas.ts'
import { hostileValues } from './hostile-rows.ts'

/** A page of one item, as an API gives it. */
export interface ItemPage {
  readonly title: string
  /** JSON text. */
  readonly item: string
  /** What stands beside the items. */
  readonly body: object
}

const cases = new URL('../transform/mapping/cases/', import.meta.url)

/** The records or items of all mapping cases of a dataset that become documents. */
export function casePages(dataset: Dataset): ItemPage[] {
  return readdirSync(cases)
    .flatMap(file => readCases(readFileSync(new URL(file, cases), 'utf8')).cases)
    .filter(one => one.dataset === dataset && one.reject === undefined)
    .map(({ name, record, body }) => ({ title: name, item: record, body: JSON.parse(body) as object }))
}

/** An item for each hostile value, which stands in every key at once, known, in another spelling, and unknown. */
export function wrongPages(dataset: Collected): ItemPage[] {
  const [schema] = loadSchemas(dataset)
  const keys = [...schema!.columns.keys(), 'brandNewKey', 'Xdrelay']
  return Object.entries(hostileValues).map(([title, value], index) => {
    const all = (holder: string) => {
      const known = keys.flatMap(key => keyBelow(holder, key, dataset))
      const own = known.flatMap(key => [key, key[0]!.toUpperCase() + key.slice(1)])
      return Object.fromEntries(own.map(key => [key, value]))
    }
    const named = { id: `wrong-${index}`, lastUpdateDateTime: '2026-03-01T08:15:42Z', deviceId: 'd', cveId: 'c' }
    const item =
      dataset === 'incident'
        ? { ...all(''), ...named, alerts: [all('alerts')] }
        : { ...all(''), ...named, status: value }
    const body =
      dataset === 'vulnerability'
        ? { machines: { d: all('machine') }, vulnerabilities: { c: all('vulnerability') } }
        : {}
    return { title: `${dataset}: ${title}`, item: JSON.stringify(item), body }
  })
}

/** The keys of the item itself, or of an object that belongs to it. */
function keyBelow(holder: string, column: string, dataset: Collected): string[] {
  const of = holders[dataset].find(each => column.startsWith(`${each}.`)) ?? ''
  if (of !== holder) return []
  return [of === '' ? column : column.slice(of.length + 1)]
}
