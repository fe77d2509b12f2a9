import { expect, test } from 'vitest'
import { outputVerdict } from '../../src/output/verdict.ts'

const time = new Date('2026-07-22T10:43:05Z')
const output = (kind: 'elasticsearch' | 'file' | 'stdout', options: Record<string, unknown>, tables = ['*']) =>
  ({ name: 'siem', required: true, format: 'ecs', kind, options, tables }) as const

test.each([
  [output('elasticsearch', { namespace: 'soc' }), 'data stream logs-m365_defender.event-soc'],
  [output('file', { path: '/out/{table}/{date}-{hour}.ndjson' }), 'file /out/DeviceInfo/2026-07-22-10.ndjson'],
  [output('stdout', {}), 'stdout'],
])('says where $kind writes a document', (configured, detail) => {
  const { kind } = configured
  expect(outputVerdict(configured, 'DeviceInfo', time)).toEqual({ output: 'siem', kind, takes: true, detail })
})

test('says that documents of the APIs go to their own data streams', () => {
  const configured = output('elasticsearch', { namespace: 'soc' })
  expect(outputVerdict(configured, 'incident', time).detail).toBe('data stream logs-m365_defender.incident-soc')
})

test('says by which setting an output does not take a table', () => {
  const configured = output('stdout', {}, ['Device*', '!DeviceInfo'])
  expect(outputVerdict(configured, 'DeviceEvents', time).takes).toBe(true)
  expect(outputVerdict(configured, 'DeviceInfo', time)).toMatchObject({
    takes: false,
    detail: 'its tables are Device*, !DeviceInfo',
  })
})

test('says what an output gets instead of the document', () => {
  const configured = output('stdout', {})
  expect(outputVerdict({ ...configured, format: 'raw' }, 'A', time).detail).toBe(
    'stdout; the record as it was received',
  )
  const fields = { drop: ['process.args', 'file.*'], hash: ['user.name'] }
  expect(outputVerdict({ ...configured, fields }, 'A', time).detail).toBe(
    'stdout; without process.args, file.*; hashes for user.name',
  )
})
