import { describe, expect, test } from 'vitest'
import { at } from './mapping/records.ts'
import { record } from './support/batches.ts'
import { outcome, strict } from './support/outcome.ts'

describe('the forms in which the service sends a type (strict takes all of them)', () => {
  const accepted = (properties: object, table = 'DeviceInfo') => {
    const { documents, rejects } = outcome([record(properties, `AdvancedHunting-${table}`)], strict)
    expect(rejects).toEqual([])
    expect(documents[0].xdrelay).toBeUndefined()
    return documents[0]
  }

  test.each([
    ['2026-07-22T10:43:05Z', '2026-07-22T10:43:05.000Z', '2026-07-22T10:43:05Z'],
    ['2026-07-22T10:43:05.1Z', '2026-07-22T10:43:05.100Z', '2026-07-22T10:43:05.1Z'],
    ['2026-07-22T10:43:05.12Z', '2026-07-22T10:43:05.120Z', '2026-07-22T10:43:05.12Z'],
    ['2026-07-22T10:43:05.123Z', '2026-07-22T10:43:05.123Z', '2026-07-22T10:43:05.123Z'],
    ['2026-07-22T10:43:05.1239Z', '2026-07-22T10:43:05.123Z', '2026-07-22T10:43:05.1239Z'],
    ['2026-07-22T10:43:05.12399Z', '2026-07-22T10:43:05.123Z', '2026-07-22T10:43:05.12399Z'],
    ['2026-07-22T10:43:05.123999Z', '2026-07-22T10:43:05.123Z', '2026-07-22T10:43:05.123999Z'],
    ['2026-07-22T10:43:05.0259986Z', '2026-07-22T10:43:05.025Z', '2026-07-22T10:43:05.0259986Z'],
    ['2026-07-22T10:43:05.0000000', '2026-07-22T10:43:05.000Z', '2026-07-22T10:43:05.0000000Z'],
  ])('the date %s', (text, millis, whole) => {
    const document = accepted({ Timestamp: text })
    expect(document['@timestamp']).toBe(millis)
    expect(at(document, 'V.timestamp')).toBe(whole)
  })

  test.each([null, ''])('%j for nothing, in columns of every type', empty => {
    const columns = { Timestamp: empty, DeviceName: empty, FileSize: empty, RequestSourcePort: empty }
    const document = accepted(
      { ...columns, IsAzureInfoProtectionApplied: empty, AdditionalFields: empty },
      'DeviceFileEvents',
    )
    expect(Object.keys(document.m365_defender.event)).toEqual(['category', 'tenant', 'time'])
    expect(accepted({ IsAdminOperation: empty }, 'CloudAppEvents')).not.toHaveProperty(
      'm365_defender.event.is_admin_operation',
    )
  })

  test.each([
    [true, true],
    [false, false],
    ['0', false],
    ['1', true],
    [0, false],
    [1, true],
    ['true', true],
    ['false', false],
  ])('the boolean %j', (sent, value) => {
    expect(at(accepted({ IsAdminOperation: sent }, 'CloudAppEvents'), 'V.is_admin_operation')).toBe(value)
  })

  test.each([
    [8443, 8443],
    ['8443', 8443],
    [0, 0],
  ])('the port %j', (sent, value) => {
    const document = accepted({ ActionType: 'ConnectionSuccess', RemotePort: sent }, 'DeviceNetworkEvents')
    expect(document.destination.port).toBe(value)
  })

  test.each([
    ['AdditionalFields', 'CloudAppEvents', 'V.additional_fields'],
    ['RawEventData', 'CloudAppEvents', 'V.raw_event_data'],
    ['AdditionalFields', 'IdentityLogonEvents', 'V.additional_fields'],
  ])('%s of %s as JSON text and as it is', (column, table, path) => {
    const value = { 'TO.DEVICE': 'DC1', 'Request ID': 7, list: [{ a: 1 }] }
    for (const sent of [value, JSON.stringify(value)])
      expect(at(accepted({ [column]: sent }, table), path)).toEqual(value)
  })

  test('several of them in one record', () => {
    const document = accepted(
      { Timestamp: '2026-07-22T10:43:05', RemotePort: '', LocalPort: '443', RemoteIP: '', AdditionalFields: '{}' },
      'DeviceNetworkEvents',
    )
    expect(document['@timestamp']).toBe('2026-07-22T10:43:05.000Z')
    expect(document).not.toHaveProperty('destination.port')
  })
})
