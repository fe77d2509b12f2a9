import { describe, expect, test } from 'vitest'
import { mapOne } from '../../../src/transform/cases/map-one.ts'
import { exactNumber } from '../../../src/transform/digits.ts'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { at, recordOf, usual, written } from './records.ts'

const position = {
  eventHub: 'xdr',
  consumerGroup: '$Default',
  partitionId: '3',
  sequenceNumber: 42,
  offset: '1234',
  enqueuedTime: '2026-03-01T10:00:00.000Z',
  receivedTime: '2026-03-01T10:00:01.000Z',
}

describe('the frame', () => {
  test('correction 17: a document of a hub carries its position', () => {
    const { document } = mapOne(createMapper(usual), recordOf('DeviceInfo', {}, { position, index: 7 }))
    expect(written(document).azure).toEqual({
      eventhub: 'xdr',
      consumer_group: '$Default',
      partition_id: '3',
      sequence_number: 42,
      offset: '1234',
      enqueued_time: '2026-03-01T10:00:00.000Z',
      record_index: 7,
    })
  })

  test('R2: without any other time the enqueued time counts', () => {
    const { document } = mapOne(createMapper(usual), recordOf('DeviceInfo', {}, { position }))
    expect(at(written(document), '@timestamp')).toBe('2026-03-01T10:00:00.000Z')
  })

  test('a record that was sanitized says so and carries its original', () => {
    const { document } = mapOne(
      createMapper(usual),
      recordOf('DeviceInfo', {}, { sanitized: true, original: '{"a":1}' }),
    )
    expect(written(document)).toMatchObject({ xdrelay: { sanitized: true }, event: { original: '{"a":1}' } })
  })

  test('unknown keys of the envelope are kept and cover nothing', () => {
    const envelope = { organization: { id: 1 }, device: 'x', Model: 'envelope', '': 'nameless' }
    const { document } = mapOne(
      createMapper(usual),
      recordOf('DeviceInfo', { Model: 'column', DeviceType: 'T' }, { envelope }),
    )
    const result = written(document)
    expect(at(result, 'V.organization')).toEqual({ id: 1 })
    expect(at(result, 'V.model')).toBe('column')
    expect(at(result, 'V.properties_model')).toBe('envelope')
    expect(at(result, 'V.properties_device')).toBe('x')
    expect(at(result, 'xdrelay.kept')).toEqual({ _: 'nameless' })
  })

  test('a column spelled like a known one has its field only for values that are indexed alike', () => {
    const spelled = (properties: Record<string, unknown>) => {
      const { document } = mapOne(createMapper(usual), recordOf('DeviceEvents', properties))
      return at(written(document), 'm365_defender.event')
    }
    expect(spelled({ reportId: '7' })).toMatchObject({ report_id: '7' })
    expect(spelled({ reportId: { a: 1 } })).toMatchObject({ properties_report_id: { a: 1 } })
    expect(spelled({ additionalFields: 'text' })).toMatchObject({ properties_additional_fields: 'text' })
    expect(spelled({ additionalFields: [{ a: 1 }] })).toMatchObject({ additional_fields: [{ a: 1 }] })
  })

  test('an object inside of a column reaches no field that expects a text', () => {
    const { document } = mapOne(
      createMapper(usual),
      recordOf('DeviceNetworkEvents', { AdditionalFields: '{"direction":{"a":1}}' }),
    )
    expect(at(written(document), 'V.network_direction')).toBeUndefined()
    expect(at(written(document), 'V.additional_fields')).toEqual({ direction: { a: 1 } })
  })

  test('names that no field can have and that become the same one lose nothing', () => {
    const columns = { '': 'a', _: ' ', '\0': 'b', '\ufffd': 'c' }
    const envelope = { '': 'd' }
    const { document } = mapOne(createMapper(usual), recordOf('DeviceInfo', columns, { envelope }))
    const result = JSON.stringify(document)
    for (const value of ['a', ' ', 'b', 'c', 'd']) expect(result).toContain(`:"${value}"`)
  })

  test('empty values are left out', () => {
    const { document } = mapOne(
      createMapper(usual),
      recordOf('CloudAppEvents', { City: '', Isp: null, RawEventData: {}, SessionData: [], New: null, Newer: '' }),
    )
    expect(Object.keys(at(written(document), 'm365_defender.event') as object)).toEqual(['category'])
  })

  test('no object of a document is without a value', () => {
    const { document } = mapOne(createMapper(usual), recordOf('DeviceEvents', { DeviceName: 'a', ActionType: 'x' }))
    const empty = (value: unknown): boolean =>
      typeof value === 'object' &&
      value !== null &&
      (Object.values(value).every(inner => inner === undefined) || Object.values(value).some(empty))
    expect(empty(document)).toBe(false)
  })
})

describe('correction 14: digits', () => {
  const mapper = createMapper(usual)

  test('ids are text with all digits', () => {
    const { document } = mapOne(
      mapper,
      recordOf('DeviceProcessEvents', { ReportId: exactNumber('639199916335081329') }),
    )
    expect(at(written(document), 'V.report_id')).toBe('639199916335081329')
  })

  test('R29: a long is a number with all digits up to 2^63-1, and text beside beyond', () => {
    const most = mapOne(mapper, recordOf('DeviceFileEvents', { FileSize: exactNumber('9223372036854775807') }))
    expect(JSON.stringify(most.document)).toContain('"size":9223372036854775807')
    const more = mapOne(mapper, recordOf('DeviceFileEvents', { FileSize: exactNumber('9223372036854775808') }))
    expect(at(written(more.document), 'xdrelay.kept')).toEqual({ FileSize: '9223372036854775808' })
    expect(at(written(more.document), 'file')).toBeUndefined()
  })

  test('numbers inside of JSON text keep their digits', () => {
    const text = '{"id":639199916335081329,"big":1e400,"list":[0.12345678901234567891]}'
    const { document } = mapOne(mapper, recordOf('DeviceEvents', { AdditionalFields: text }))
    expect(JSON.stringify(document)).toContain(`"additional_fields":${text}`)
  })

  test('numbers inside of objects keep their digits', () => {
    const record = recordOf('CloudAppEvents', {
      RawEventData: { a: [exactNumber('639199916335081329')] },
      N: exactNumber('1e400'),
    })
    const text = JSON.stringify(mapOne(mapper, record).document)
    expect(text).toContain('"raw_event_data":{"a":[639199916335081329]}')
    expect(text).toContain('"n":1e400')
  })
})

describe('drift', () => {
  test('new tables, new columns and changed types are counted once each until taken', () => {
    const mapper = createMapper(usual)
    for (let i = 0; i < 3; i++)
      mapOne(mapper, recordOf('DeviceInfo', { NewOne: 1, DeviceName: 7, IsExcluded: 'perhaps' }))
    mapOne(mapper, recordOf('Novel', { A: 1 }))
    const device = { table: 'DeviceInfo', count: 3 }
    const kept = (name: string) => `m365_defender.event.${name}`
    expect(mapper.takeDrift()).toEqual([
      {
        ...device,
        kind: 'type_change',
        column: 'DeviceName',
        expected: 'string',
        field: kept('device.name'),
        forms: { integer: 3 },
      },
      {
        ...device,
        kind: 'type_change',
        column: 'IsExcluded',
        expected: 'bool',
        field: 'xdrelay.kept.IsExcluded',
        forms: { text: 3 },
      },
      {
        ...device,
        kind: 'new_column',
        column: 'NewOne',
        expected: '',
        field: kept('new_one'),
        forms: { integer: 3 },
      },
      {
        kind: 'new_table',
        table: 'Novel',
        column: '',
        expected: '',
        field: 'm365_defender.event',
        count: 1,
        forms: {},
      },
      {
        kind: 'new_table',
        table: 'Novel',
        column: 'A',
        expected: '',
        field: kept('a'),
        count: 1,
        forms: { integer: 1 },
      },
    ])
    expect(mapper.takeDrift()).toEqual([])
  })

  test('each column says its forms and the field that really has it', () => {
    const mapper = createMapper(usual)
    mapOne(
      mapper,
      recordOf('DeviceInfo', { 'No name': 1, Later: null, RemoteIP: '1.2.3.4' }, { envelope: { device: 'x' } }),
    )
    const { document } = mapOne(
      mapper,
      recordOf('DeviceInfo', { Later: ['a'], RemoteIP: 'nowhere' }, { envelope: { device: '2026-01-01' } }),
    )
    const drift = new Map(
      mapper.takeDrift().map(({ kind, column, field, forms }) => [`${kind} ${column}`, { field, forms }]),
    )
    const event = 'm365_defender.event'
    expect(Object.fromEntries(drift)).toEqual({
      'new_column No name': { field: 'xdrelay.kept.No name', forms: { integer: 1 } },
      'new_column Later': { field: `${event}.later`, forms: { empty: 1, 'list of texts': 1 } },
      'new_column RemoteIP': { field: `${event}.remote.ip`, forms: { ip: 1, text: 1 } },
      'type_change RemoteIP': { field: 'xdrelay.kept.RemoteIP', forms: { text: 1 } },
      'new_column envelope.device': { field: `${event}.properties_device`, forms: { text: 1, date: 1 } },
    })
    expect(at(written(document), 'V.later')).toEqual(['a'])
  })

  test('R23: MachineGroup is no drift in any table', () => {
    const mapper = createMapper(usual)
    const { document } = mapOne(mapper, recordOf('EmailEvents', { MachineGroup: 'g' }))
    expect(at(written(document), 'V.machine_group')).toBe('g')
    expect(mapper.takeDrift()).toEqual([])
  })

  test('the number of entries is bounded', () => {
    const mapper = createMapper(usual)
    for (let i = 0; i < 3000; i++) mapOne(mapper, recordOf(`Table${i}`, { [`Column${i}`]: 1 }))
    const drift = mapper.takeDrift()
    expect(drift.length).toBeLessThanOrEqual(1002)
    for (const isTable of [true, false]) {
      const mine = drift.filter(({ column }) => (column === '') === isTable)
      expect(mine.reduce((sum, { count }) => sum + count, 0)).toBe(3000)
    }
  })
})

describe('limits', () => {
  const mapper = createMapper({ ...usual, limits: { depth: 5, keys: 20 } })

  test('a value that is nested too deep is rejected with its place', () => {
    const deep = { a: { b: { c: { d: 1 } } } }
    expect(mapOne(mapper, recordOf('CloudAppEvents', { RawEventData: deep })).reject).toMatchObject({
      reason: 'too_deep',
      pointer: '/properties/RawEventData',
      detail: 'nested deeper than 5 levels',
    })
    expect(mapOne(mapper, recordOf('CloudAppEvents', { 'New/One': deep })).reject?.pointer).toBe('/properties/New~1One')
    expect(mapOne(mapper, recordOf('CloudAppEvents', { RawEventData: deep.a })).reject).toBeUndefined()
  })

  test('keys and elements of all values are counted together', () => {
    const list = Array.from({ length: 9 }, (_, index) => index)
    expect(mapOne(mapper, recordOf('CloudAppEvents', { RawEventData: list })).reject).toBeUndefined()
    expect(mapOne(mapper, recordOf('CloudAppEvents', { RawEventData: list, SessionData: list })).reject).toMatchObject({
      reason: 'too_large',
      detail: 'more than 20 keys and elements',
    })
  })

  test('JSON text beyond the limits stays text', () => {
    const text = '{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}'
    const { document, reject } = mapOne(mapper, recordOf('DeviceEvents', { AdditionalFields: text }))
    expect(reject).toBeUndefined()
    expect(at(written(document), 'V.additional_fields')).toEqual({ value: text })
  })

  test('what a deep value of the wrong type would be is not looked at', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(mapOne(mapper, recordOf('DeviceInfo', { DeviceName: deep })).reject).toMatchObject({ reason: 'too_deep' })
  })
})

test('__proto__ is data wherever it stands', () => {
  const properties = JSON.parse('{"__proto__":{"x":1},"RawEventData":{"__proto__":{"y":""},"z":2},"constructor":"c"}')
  const { document } = mapOne(createMapper(usual), recordOf('CloudAppEvents', properties))
  const text = JSON.stringify(document)
  expect(text).toContain('"z":2')
  expect(text).toContain('"constructor":"c"')
  expect(text).toMatch(/"(__)?proto__":.*x/)
  expect(({} as Record<string, unknown>).x).toBeUndefined()
})

test('an observer is told by which rule each field came and which columns have a vendor field', () => {
  const rules: string[] = []
  const vendor: string[] = []
  const others: string[] = []
  let begun: Record<string, unknown> = {}
  const observed = createMapper(usual, {
    begin: ({ table, columns, envelope }, _record, values) => {
      const known = columns.map(({ column }, index) => [column, values[envelope.length + index]] as const)
      begun = { table, ...Object.fromEntries(known.filter(([, value]) => value !== undefined)) }
    },
    rule: ({ place }, field, value) => void rules.push(`${place.file} ${field} ${value}`),
    vendor: ({ column }, field, value) => void vendor.push(`${column} ${field} ${value}`),
    other: (name, where, field) => void others.push(`${where} ${name} ${field}`),
  })
  const columns = { DeviceName: 'WS-1', MachineGroup: 'x', 'New.One': 1, Newer: 2 }
  const record = recordOf('DeviceEvents', columns, { envelope: { organization: 'o' } })
  expect(mapOne(observed, record)).toEqual(mapOne(createMapper(usual), record))
  expect(begun).toEqual({ table: 'DeviceEvents', DeviceName: 'WS-1', MachineGroup: 'x' })
  expect(others).toEqual([
    'properties New.One xdrelay.kept.New.One',
    'properties Newer m365_defender.event.newer',
    'envelope organization m365_defender.event.organization',
  ])
  expect(rules).toContain('envelope.yaml host.name ws-1')
  expect(rules.some(line => line.includes(' user.name '))).toBe(false)
  expect(vendor).toContain('MachineGroup m365_defender.event.machine_group x')
  expect(vendor).toContain('DeviceName m365_defender.event.device.name undefined')
})
