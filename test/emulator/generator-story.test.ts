import { expect, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'

type Row = Record<string, string | number | boolean | null>

const start = '2026-03-02T08:00:00Z'

/** Rows by table; long ids read as numbers, which is enough here. */
function rowsOf(count: number, tables?: readonly string[]): Map<string, Row[]> {
  const generator = createGenerator({ seed: 5, start: new Date(start), ...(tables ? { tables } : {}) })
  const rows = new Map<string, Row[]>()
  for (let index = 0; index < count; index++) {
    const { text, table } = generator.next()
    const { properties } = JSON.parse(text) as { properties: Row }
    rows.set(table, [...(rows.get(table) ?? []), properties])
  }
  return rows
}

test('what acts was started before, by what was started before it', () => {
  const tables = ['DeviceProcessEvents', 'DeviceFileEvents', 'DeviceNetworkEvents', 'DeviceEvents', 'DeviceLogonEvents']
  const generator = createGenerator({ seed: 5, start: new Date(start), tables })
  const started = new Map<string, Row>()
  let known = 0
  for (let index = 0; index < 20_000; index++) {
    const { properties: row } = JSON.parse(generator.nextRecord()) as { properties: Row }
    const created = String(row.InitiatingProcessCreationTime)
    const actor = started.get(`${row.DeviceId}/${row.InitiatingProcessId}/${created}`)
    // Only what was running before the first record may be unknown.
    if (actor) known++
    else expect(created < start, `${created} ${row.InitiatingProcessFileName}`).toBe(true)
    expect(String(row.InitiatingProcessParentCreationTime) < created).toBe(true)
    expect(created < String(row.Timestamp)).toBe(true)
    if (actor) expect(actorColumns(row)).toEqual(targetColumns(actor))
    if (row.ActionType !== 'ProcessCreated') continue
    expect(String(row.ProcessCreationTime) > created).toBe(true)
    expect(String(row.ProcessCreationTime) < String(row.Timestamp)).toBe(true)
    // Services stay with their account; programs with a window run as the user.
    expect(row.AccountSid === row.InitiatingProcessAccountSid || row.AccountUpn !== '').toBe(true)
    started.set(`${row.DeviceId}/${row.ProcessId}/${row.ProcessCreationTime}`, row)
  }
  expect(known).toBeGreaterThan(5000)
  const accounts = new Set([...started.values()].map(row => row.AccountName))
  expect([...accounts]).toEqual(expect.arrayContaining(['system', 'root']))
})

function actorColumns(row: Row): unknown[] {
  return [
    row.InitiatingProcessFileName,
    row.InitiatingProcessSHA256,
    row.InitiatingProcessCommandLine,
    row.InitiatingProcessAccountSid,
    row.InitiatingProcessParentId,
    row.InitiatingProcessParentFileName,
  ]
}

function targetColumns(row: Row): unknown[] {
  return [
    row.FileName,
    row.SHA256,
    row.ProcessCommandLine,
    row.AccountSid,
    row.InitiatingProcessId,
    row.InitiatingProcessFileName,
  ]
}

test('a device and an account are the same in every table', () => {
  const rows = [...rowsOf(5000).values()].flat()
  const agrees = (key: string, value: string) => {
    const known = new Map<unknown, unknown>()
    for (const row of rows) {
      if (!row[key] || !row[value]) continue
      expect(known.get(row[key]) ?? row[value], `${key} ${row[key]}`).toBe(row[value])
      known.set(row[key], row[value])
    }
    expect(known.size).toBeGreaterThan(50)
  }
  agrees('DeviceId', 'DeviceName')
  agrees('DeviceId', 'MachineGroup')
  agrees('AccountUpn', 'AccountObjectId')
  agrees('InitiatingProcessAccountUpn', 'InitiatingProcessAccountSid')
})

test('a file has the same hashes wherever it turns up', () => {
  const rows = rowsOf(4000, ['DeviceProcessEvents', 'DeviceFileEvents', 'DeviceImageLoadEvents'])
  const known = new Map<unknown, string>()
  for (const row of [...rows.values()].flat()) {
    const hashes = [row.MD5, row.SHA1, row.SHA256].join()
    expect(hashes).toMatch(/^[0-9a-f]{32},[0-9a-f]{40},[0-9a-f]{64}$/)
    expect(known.get(row.FolderPath) ?? hashes).toBe(hashes)
    known.set(row.FolderPath, hashes)
  }
  expect(known.size).toBeGreaterThan(100)
})

test('alerts and their evidence belong together', () => {
  const rows = rowsOf(1000, ['AlertInfo', 'AlertEvidence'])
  const alerts = new Map(rows.get('AlertInfo')!.map(row => [row.AlertId, row]))
  expect(alerts.size).toBe(rows.get('AlertInfo')!.length)
  const paired = rows.get('AlertEvidence')!.filter(row => alerts.has(row.AlertId!))
  expect(paired.length).toBeGreaterThan(400)
  const told = new Set(paired.map(row => row.AlertId))
  expect([...alerts.keys()].filter(id => !told.has(id!)).length).toBeLessThan(20)
  for (const row of paired) {
    const { Title, Severity, AttackTechniques } = alerts.get(row.AlertId!)!
    expect(row).toMatchObject({ Title, Severity, AttackTechniques })
  }
  const techniques = [...alerts.values()].map(row => String(row.AttackTechniques))
  expect(techniques).toContain('')
  expect(techniques.filter(Boolean).flatMap(text => JSON.parse(text) as string[])).toContain('PowerShell (T1059.001)')
  expect(new Set(rows.get('AlertEvidence')!.map(row => row.EntityType)).size).toBeGreaterThan(8)
})

test('the tables of a mail share its id', () => {
  const rows = rowsOf(2000, ['EmailEvents', 'EmailUrlInfo', 'EmailAttachmentInfo', 'EmailPostDeliveryEvents'])
  const mails = new Map(rows.get('EmailEvents')!.map(row => [row.NetworkMessageId, row]))
  for (const table of ['EmailUrlInfo', 'EmailAttachmentInfo', 'EmailPostDeliveryEvents']) {
    const shared = rows.get(table)!.filter(row => mails.has(row.NetworkMessageId!))
    expect(shared.length, table).toBeGreaterThan(rows.get(table)!.length * 0.7)
  }
  for (const row of rows.get('EmailUrlInfo')!) {
    expect(mails.get(row.NetworkMessageId!)?.UrlCount ?? 1).toBeGreaterThan(0)
    expect(String(row.ReportId)).toMatch(new RegExp(`^${row.NetworkMessageId}-`))
  }
})

test('connections go both ways, logons succeed and fail, all three systems are there', () => {
  const rows = rowsOf(3000, ['DeviceNetworkEvents', 'DeviceLogonEvents', 'DeviceInfo'])
  const values = (table: string, column: string) => new Set(rows.get(table)!.map(row => row[column]))
  expect([...values('DeviceLogonEvents', 'ActionType')]).toEqual(
    expect.arrayContaining(['LogonSuccess', 'LogonFailed', 'LogonAttempted']),
  )
  expect([...values('DeviceNetworkEvents', 'ActionType')]).toEqual(
    expect.arrayContaining(['ConnectionSuccess', 'InboundConnectionAccepted', 'DnsConnectionInspected']),
  )
  const fields = [...values('DeviceNetworkEvents', 'AdditionalFields')].map(String)
  for (const direction of ['In', 'Out'])
    expect(fields.some(text => text.includes(`"direction":"${direction}"`))).toBe(true)
  expect([...values('DeviceInfo', 'OSPlatform')]).toEqual(expect.arrayContaining(['Windows11', 'Linux', 'macOS']))
})

test('time only moves forward, and starts when it is told to', () => {
  const rows = rowsOf(500, ['DeviceEvents']).get('DeviceEvents')!
  const times = rows.map(row => String(row.Timestamp))
  expect(times).toEqual([...times].sort())
  expect(times[0]).toMatch(/^2026-03-02T08:00:00\.\d{7}Z$/)
})
