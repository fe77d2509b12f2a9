import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { expect, test } from 'vitest'
import { XdrelayError } from '../../src/core/errors.ts'
import { createGenerator, type Generator } from '../../src/emulator/generator/generator.ts'
import { maxBodyBytes } from '../../src/emulator/generator/pack.ts'
import { documentedTables } from '../../src/emulator/generator/tables.ts'

interface Sent {
  readonly category: string
  readonly properties: Record<string, unknown>
  readonly [key: string]: unknown
}

const allTables = [...documentedTables().keys()]
const text = (body: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(body)
const recordsOf = (body: Uint8Array) => (JSON.parse(text(body)) as { records: Sent[] }).records

function digest(generator: Generator, messages: number): string {
  const hash = createHash('sha256')
  for (let count = 0; count < messages; count++) hash.update(generator.nextMessage().body)
  return hash.digest('hex')
}

const validators = compileSchemas()

function compileSchemas(): Map<string, ValidateFunction> {
  const ajv = new Ajv({ strict: true, allErrors: true, keywords: ['x-type'] })
  const directory = new URL('../../schemas/', import.meta.url)
  return new Map(
    readdirSync(directory).map(file => {
      const schema = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as { title: string }
      return [schema.title, ajv.compile(schema)]
    }),
  )
}

test('the same seed gives the same bytes, another seed others', () => {
  const seeds = [7, '7', 8].map(seed => digest(createGenerator({ seed }), 20))
  expect(seeds[0]).toBe(seeds[1])
  expect(seeds[2]).not.toBe(seeds[0])
})

test('two generators at work at the same time do not disturb each other', () => {
  const [one, two] = [createGenerator({ seed: 1 }), createGenerator({ seed: 1 })]
  for (let count = 0; count < 500; count++) {
    expect(two.nextRecord()).toBe(one.nextRecord())
    createGenerator({ seed: count }).nextRecord()
  }
})

test('a message holds the records asked for, all of them different', () => {
  const generator = createGenerator({ seed: 1 })
  const bodies = [undefined, 1, 250].map(count => generator.nextMessage(count))
  expect(bodies.map(({ records }) => records)).toEqual([100, 1, 250])
  const records = bodies.flatMap(({ body }) => recordsOf(body))
  expect(records).toHaveLength(351)
  expect(new Set(records.map(record => JSON.stringify(record))).size).toBe(351)
  expect(bodies.flatMap(({ tables }) => tables)).toEqual(records.map(({ category }) => category.split('-')[1]))
})

test('a message stays below the limit of the hub, and the record that did not fit comes next', () => {
  const generator = createGenerator({ seed: 1, tables: ['DeviceProcessEvents'] })
  const big = generator.nextMessage(100_000)
  expect(big.body.length).toBeLessThanOrEqual(maxBodyBytes)
  expect(big.body.length).toBeGreaterThan(maxBodyBytes - 6000)
  const reference = createGenerator({ seed: 1, tables: ['DeviceProcessEvents'] })
  const expected = Array.from({ length: big.records + 2 }, () => reference.nextRecord())
  const got = `${text(big.body).slice(12, -2)},${text(generator.nextMessage(2).body).slice(12, -2)}`
  expect(got).toBe(expected.join())
})

test('the envelope is the one of the Streaming API', () => {
  const envelope = validators.get('envelope')!
  const records = recordsOf(createGenerator({ seed: 1, tenantId: 'tenant-1' }).nextMessage(300).body)
  for (const record of records) {
    expect(envelope(record)).toBe(true)
    expect(record).toMatchObject({ tenantId: 'tenant-1', operationName: 'Publish', Tenant: 'DefaultTenant' })
    expect(record.category).toMatch(/^AdvancedHunting-[A-Z]\w+$/)
    expect(record.time).toMatch(/^2026-03-02T\d\d:\d\d:\d\d\.\d{7}Z$/)
  }
  const received = records.map(record => record._TimeReceivedBySvc)
  expect(received).toContain(undefined)
  expect(received).toContainEqual(expect.stringMatching(/\d{7}$/))
  expect(received).toContainEqual(expect.stringMatching(/\d{7}Z$/))
  expect(new Set(records.map(record => Object.keys(record).indexOf('properties'))).size).toBeGreaterThan(1)
})

test.each(allTables)(
  '%s: every record has all columns, fits the schema, and in the end no column was always empty',
  name => {
    const validate = validators.get(name)!
    const generator = createGenerator({ seed: 3, tables: [name] })
    const columns = documentedTables()
      .get(name)!
      .columns.map(column => column.name)
    const empty = new Set(columns)
    for (let count = 0; count < 1000; count++) {
      const line = generator.nextRecord()
      const record = JSON.parse(line) as Sent
      const { properties } = record
      // Same length after another round: no key was there twice.
      expect(JSON.stringify(record).length).toBe(line.length)
      expect(Object.keys(properties).sort()).toEqual([...columns].sort())
      if (!validate(properties)) expect.fail(JSON.stringify(validate.errors))
      for (const [column, value] of Object.entries(properties)) if (value !== null && value !== '') empty.delete(column)
    }
    // Beyond the documented columns, MachineGroup comes with every row but is filled on device tables only.
    if (!columns.includes('DeviceId')) empty.delete('MachineGroup')
    expect([...empty]).toEqual([])
  },
)

test('report ids of device tables have 18 digits that a number cannot hold, and are unique', () => {
  const generator = createGenerator({ seed: 1, tables: ['DeviceEvents', 'DeviceNetworkEvents', 'DeviceInfo'] })
  const ids = Array.from({ length: 2000 }, () => /"ReportId":(\d+)[,}]/.exec(generator.nextRecord())![1]!)
  expect(ids.every(id => /^6\d{17}$/.test(id))).toBe(true)
  expect(ids.some(id => String(Number(id)) !== id)).toBe(true)
  expect(new Set(ids).size).toBe(2000)
})

test('dynamic columns come as text where the service does so, as objects in identity tables, or as objects everywhere', () => {
  const [app, identity] = ['CloudAppEvents', 'IdentityLogonEvents'].map(table => {
    const record = JSON.parse(createGenerator({ seed: 1, tables: [table] }).nextRecord()) as Sent
    return record.properties
  })
  expect(app?.RawEventData).toBeTypeOf('string')
  expect(app?.LastSeenForUser).toBeTypeOf('object')
  expect(identity?.AdditionalFields).toMatchObject({ 'TO.DEVICE': expect.any(String) })
  const native = createGenerator({ seed: 1, tables: ['CloudAppEvents'], native: true }).nextRecord()
  expect((JSON.parse(native) as Sent).properties.RawEventData).toBeTypeOf('object')
})

test('empty values, loose booleans and empty ports come in the forms that the service uses', () => {
  const generator = createGenerator({ seed: 1, tables: ['CloudAppEvents', 'DeviceNetworkEvents', 'DeviceInfo'] })
  const seen = new Map<string, Set<unknown>>()
  for (const { properties } of recordsOf(generator.nextMessage(400).body)) {
    for (const [column, value] of Object.entries(properties)) {
      seen.set(column, (seen.get(column) ?? new Set()).add(value))
    }
  }
  expect([...seen.get('IsAdminOperation')!]).toEqual(expect.arrayContaining([null, '', '0', '1', false, 0]))
  expect([...seen.get('RemotePort')!]).toEqual(expect.arrayContaining([null, '']))
  expect([...seen.get('AadDeviceId')!]).toContain('')
})

test('the usual mix is mostly device events, and every table is there', () => {
  const generator = createGenerator({ seed: 1 })
  const counts = new Map<string, number>()
  for (let count = 0; count < 3000; count++) {
    const { table } = generator.next()
    counts.set(table, (counts.get(table) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual([...allTables].sort())
  const largest = [...counts].sort((left, right) => right[1] - left[1]).slice(0, 4)
  expect(largest.map(([table]) => table)).toEqual([
    'DeviceNetworkEvents',
    'DeviceProcessEvents',
    'DeviceFileEvents',
    'DeviceEvents',
  ])
  expect(largest.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(1800)
})

test('weights are kept', () => {
  const generator = createGenerator({ seed: 1, tables: { DeviceInfo: 3, AlertInfo: 1 } })
  const tables = Array.from({ length: 4000 }, () => generator.next().table)
  expect(tables.filter(table => table === 'DeviceInfo')).toHaveLength(3000)
})

test.each([[['DeviceEvent']], [[]], [{ DeviceEvents: 0 }], [{ DeviceEvents: Number.NaN }], [{ constructor: 1 }]])(
  '%j is refused as a mix',
  tables => {
    expect(() => createGenerator({ seed: 1, tables: tables as string[] })).toThrow(
      expect.objectContaining({ kind: 'usage', name: XdrelayError.name }),
    )
  },
)
