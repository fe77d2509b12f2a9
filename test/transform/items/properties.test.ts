import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines } from '../../../scripts/fuzz/lines.ts'
import { hostileKeys, hostileValues } from '../../../scripts/fuzz/mutate.ts'
import { lostValue } from '../../../scripts/fuzz/values.ts'
import { type Collected, collected, holders } from '../../../src/transform/mapping/datasets.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { mapItems } from '../support/items.ts'

const scalar = fc.oneof(
  fc.constantFrom(...hostileValues),
  fc.string({ unit: 'grapheme' }).map(text => JSON.stringify(text)),
  fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
)
const strange = fc.constantFrom(...hostileKeys, '"@odata.etag"', '"alerts.title"', '"machine.lastSeen"', '"Id"', '"iD"')
const { json } = fc.letrec<{ json: string }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('json'), { maxLength: 4 }).map(items => `[${items.join()}]`) },
    { weight: 1, arbitrary: fc.array(fc.tuple(strange, tie('json')), { maxLength: 4 }).map(objectOf) },
  ),
}))

function objectOf(members: readonly (readonly [key: string, value: string])[]): string {
  return `{${members.map(([name, value]) => `${name}:${value}`).join()}}`
}

/** An object with any JSON in a few of these keys, in a spelling of its own, and in keys that nobody knows. */
function anyObject(keys: readonly string[], needed: readonly (readonly [string, string])[] = []) {
  return fc
    .record({
      from: fc.nat(200),
      values: fc.array(json, { maxLength: 5 }),
      others: fc.array(fc.tuple(strange, json), { maxLength: 3 }),
      capital: fc.boolean(),
    })
    .map(({ from, values, others, capital }) => {
      const known = values.map((value, index) => {
        const key = keys[(from + index) % keys.length]!
        return [JSON.stringify(capital ? key[0]!.toUpperCase() + key.slice(1) : key), value] as const
      })
      // Of two keys that are the same the last one counts.
      return objectOf([...known, ...others, ...needed])
    })
}

/** The keys of an item itself, or of an object that belongs to it. */
function keysOf(dataset: Collected, holder?: string): string[] {
  const all = [...loadSchemas(dataset)[0]!.columns.keys()]
  const isBelow = (column: string, each: string) => column.startsWith(`${each}.`)
  if (holder !== undefined) return all.filter(key => isBelow(key, holder)).map(key => key.slice(holder.length + 1))
  return all.filter(key => !holders[dataset].some(each => isBelow(key, each)))
}

const version = ['"lastUpdateDateTime"', '"2026-03-01T08:15:42.000Z"'] as const
const alert = anyObject(keysOf('alert'), [version])
const alerts = fc.oneof(
  fc.array(fc.oneof(alert, json), { maxLength: 4 }).map(items => `[${items.join()}]`),
  json,
)
const items: Record<Collected, fc.Arbitrary<string>> = {
  alert,
  incident: fc
    .tuple(anyObject(keysOf('incident'), [version]), alerts)
    .map(([incident, list]) => `${incident.slice(0, -1)},"alerts":${list}}`),
  vulnerability: anyObject(keysOf('vulnerability'), [
    ['"deviceId"', '"d"'],
    ['"cveId"', '"c"'],
  ]),
}
const beside = fc
  .tuple(anyObject(keysOf('vulnerability', 'machine')), anyObject(keysOf('vulnerability', 'vulnerability')))
  .map(([machine, cve]) => ({ machines: { d: machine }, vulnerabilities: { c: cve } }))

test.each(collected)(
  '%s: whatever an item holds, nothing of it is lost and nothing depends on its neighbours',
  dataset => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: items[dataset] }, { weight: 1, arbitrary: json }), { maxLength: 4 }),
        fc.boolean(),
        (page, preserve) => {
          const { chunk, rejects } = mapItems(dataset, page, preserve)
          const documents = readLines(chunk)
          const reasons = new Set(rejects.map(({ reason }) => reason))
          expect([...reasons].filter(reason => reason !== 'too_deep' && reason !== 'bad_envelope')).toEqual([])
          for (const [index, item] of page.entries()) {
            const own = documents.filter((_document, place) => chunk.record[place] === index)
            const reject = rejects.find(({ recordIndex }) => recordIndex === index)
            if (reject === undefined) expect(lostValue(item, `[${own.join()}]`), item).toBeUndefined()
            else expect(Buffer.from(reject.bytes).toString()).toBe(item)
            expect(readLines(mapItems(dataset, [item], preserve).chunk)).toEqual(own)
          }
        },
      ),
      { numRuns: 150, seed: 2026 },
    )
  },
)

test('nothing of what a page says of a machine or a CVE is lost', () => {
  fc.assert(
    fc.property(beside, ({ machines, vulnerabilities }) => {
      const item = '{"id":"v1","deviceId":"d","cveId":"c"}'
      const body = `{"machines":{"d":${machines.d}},"vulnerabilities":{"c":${vulnerabilities.c}}}`
      const { chunk, rejects } = mapItems('vulnerability', [item], false, body)
      if (rejects.length > 0) expect(rejects).toMatchObject([{ reason: 'too_deep' }])
      else expect(lostValue(`[${machines.d},${vulnerabilities.c}]`, readLines(chunk)[0]!), body).toBeUndefined()
    }),
    { numRuns: 150, seed: 2026 },
  )
})
