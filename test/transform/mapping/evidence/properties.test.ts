import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines } from '../../../../scripts/fuzz/lines.ts'
import { hostileKeys, hostileValues } from '../../../../scripts/fuzz/mutate.ts'
import { lostValue } from '../../../../scripts/fuzz/values.ts'
import reference from '../../../../scripts/reference/graph-evidence.json' with { type: 'json' }
import { SecurityStore } from '../../../../src/emulator/microsoft/security-store.ts'
import { mapItems } from '../../support/items.ts'

const kinds = Object.keys(reference.kinds)
const fieldsOf = (kind: string) =>
  Object.keys({ ...reference.every, ...reference.kinds[kind as keyof typeof reference.kinds] })

const scalar = fc.oneof(
  fc.constantFrom(...hostileValues),
  fc.string({ unit: 'grapheme' }).map(text => JSON.stringify(text)),
  fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
)
const innerKeys = [...new Set(Object.values(reference.parts).flatMap(part => Object.keys(part)))]
const key = fc.oneof(
  fc.constantFrom(...innerKeys.map(name => JSON.stringify(name))),
  fc.constantFrom(...hostileKeys),
  fc.constantFrom('"@odata.type"', '"fooBar"', '"foo_bar"', '"process"', '"os_platform"', '"ip_address_fields"'),
)
const { json } = fc.letrec<{ json: string }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(tie('json'), { maxLength: 4 }).map(items => `[${items.join()}]`) },
    { weight: 2, arbitrary: fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map(objectOf) },
  ),
}))

function objectOf(members: readonly (readonly [key: string, value: string])[]): string {
  return `{${members.map(([name, value]) => `${name}:${value}`).join()}}`
}

/** An item of any kind, known or not, with any JSON in a few of its keys, and keys that nobody knows. */
const hostileItem = fc
  .record({
    kind: fc.constantFrom(...kinds, 'quantumLinkEvidence'),
    from: fc.nat(40),
    values: fc.array(json, { minLength: 1, maxLength: 5 }),
    others: fc.array(fc.tuple(key, json), { maxLength: 3 }),
  })
  .map(({ kind, from, values, others }) => {
    const fields = kinds.includes(kind) ? fieldsOf(kind) : ['linkId', 'mdeDeviceId']
    const known = values.map(
      (value, index) => [JSON.stringify(fields[(from + index) % fields.length]!), value] as const,
    )
    return objectOf([['"@odata.type"', JSON.stringify(`#microsoft.graph.security.${kind}`)], ...known, ...others])
  })

const version = '"lastUpdateDateTime":"2026-03-01T08:15:42.000Z"'
const wraps = {
  alert: (evidence: string) => `{${version},"evidence":${evidence}}`,
  incident: (evidence: string) => `{"id":"4711",${version},"alerts":[{"evidence":${evidence}}]}`,
}

/** Each item is one document that has all its values, the same each time, or a reject for its size. */
function check(dataset: 'alert' | 'incident', items: readonly string[], preserve: boolean): void {
  const result = mapItems(dataset, items, preserve)
  const documents = readLines(result.chunk)
  const reasons = result.rejects.map(({ reason, detail }) => (reason === 'too_deep' ? reason : `${reason}: ${detail}`))
  expect(new Set(reasons)).toEqual(new Set(reasons.length === 0 ? [] : ['too_deep']))
  expect(documents.length + reasons.length).toBe(items.length)
  for (const [index, document] of documents.entries()) {
    expect(lostValue(items[result.chunk.record[index]!]!, document), document).toBeUndefined()
  }
  expect(readLines(mapItems(dataset, items, preserve).chunk)).toEqual(documents)
}

test.each(['alert', 'incident'] as const)('no value of the evidence of an %s is lost, whatever it is', dataset => {
  const evidence = fc.oneof(
    { weight: 9, arbitrary: fc.array(hostileItem, { maxLength: 3 }).map(items => `[${items.join()}]`) },
    { weight: 1, arbitrary: json },
  )
  fc.assert(
    fc.property(
      fc.array(evidence.map(wraps[dataset]), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (items, preserve) => check(dataset, items, preserve),
    ),
    { numRuns: 200, seed: 2026 },
  )
})

test('no value of an alert as the service sends it is lost', () => {
  const store = new SecurityStore('76eca77d-9f67-4e26-816d-3fa3e0fc412e', 'evidence')
  store.add(300, Date.UTC(2026, 2, 1))
  store.change(100, Date.UTC(2026, 2, 2))
  const items = [...store.alerts.values()].map(alert => JSON.stringify(alert))
  for (const preserve of [false, true]) check('alert', items, preserve)
})

test('no value of an incident as the service sends it is lost from all its documents together', () => {
  const store = new SecurityStore('76eca77d-9f67-4e26-816d-3fa3e0fc412e', 'evidence')
  store.add(100, Date.UTC(2026, 2, 1))
  for (const incident of store.incidents.values()) {
    const item = JSON.stringify(store.expanded(incident))
    const { chunk, rejects } = mapItems('incident', [item])
    expect(rejects).toEqual([])
    expect(lostValue(item, `[${readLines(chunk).join()}]`)).toBeUndefined()
  }
})

test('an alert takes time in proportion to its evidence and its comments', () => {
  const timeOf = (count: number) => {
    const numbers = Array.from({ length: count }, (_, index) => index)
    const evidence = numbers.map(number => ({
      mdeDeviceId: `device ${number}`,
      processId: number,
      [`key ${number}`]: 1,
    }))
    const comments = numbers.map(number => ({ createdByDisplayName: `user ${number}` }))
    const item = JSON.stringify({ lastUpdateDateTime: '2026-03-01T08:15:42Z', evidence, comments })
    const times = [1, 2, 3].map(() => {
      const start = process.cpuUsage()
      expect(mapItems('alert', [item]).rejects).toEqual([])
      return process.cpuUsage(start).user
    })
    return Math.min(...times)
  }
  timeOf(1000)
  // Were each compared with all others, sixteen times as many would take 256 times as long.
  const [small, large] = [timeOf(2000), timeOf(32_000)]
  expect(large / small).toBeLessThan(50)
}, 120_000)
