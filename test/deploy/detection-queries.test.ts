import { beforeAll, describe, expect, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { elasticsearchMissing } from '../support/elasticsearch.ts'
import { ask, freshNamespace, ownElasticsearch, setUp, writeAll } from '../support/elasticsearch-setup.ts'
import { mappedBody, mappedRows, type Row } from '../support/mapped-chunk.ts'

type Query = object
type Properties = Readonly<Record<string, unknown>>

/** As `:` of EQL compares: without regard to case, `*` for any characters. */
const like = (field: string, ...patterns: string[]): Query => ({
  bool: { should: patterns.map(value => ({ wildcard: { [field]: { value, case_insensitive: true } } })) },
})
/** As `==` and `in` of EQL. */
const is = (field: string, ...values: (string | number | boolean)[]): Query => ({ terms: { [field]: values } })
const all = (...filter: Query[]): Query => ({ bool: { filter } })
const not = (...must_not: Query[]): Query => ({ bool: { must_not } })
const windows = is('host.os.type', 'windows')

const process = (properties: Properties): Row => ({
  table: 'DeviceProcessEvents',
  properties: {
    ActionType: 'ProcessCreated',
    InitiatingProcessAccountSid: 'S-1-5-21-1-2-3-1001',
    InitiatingProcessFileName: 'explorer.exe',
    InitiatingProcessFolderPath: 'C:\\Windows\\explorer.exe',
    ...properties,
  },
})
const onDevice = (table: string, properties: Properties): Row => ({
  table,
  properties: { InitiatingProcessAccountSid: 'S-1-5-21-1-2-3-1001', ...properties },
})

/**
 * What detection content asks for, in the fields that it uses for Defender's stream, each with the row that it is to find.
 * None may find another's row, nor any of the ordinary ones.
 */
const cases: readonly (readonly [title: string, query: Query, row: Row])[] = [
  [
    'a tool started by an Office program',
    all(
      windows,
      is('event.category', 'process'),
      is('event.type', 'start'),
      like('process.parent.name', 'winword.exe'),
      like('process.name', 'cscript.exe', 'wmic.exe'),
    ),
    process({
      InitiatingProcessFileName: 'WINWORD.EXE',
      FileName: 'WMIC.EXE',
      FolderPath: 'C:\\Windows\\System32\\wbem\\WMIC.EXE',
    }),
  ],
  [
    'a command line by patterns',
    all(is('event.type', 'start'), like('process.command_line', '*-enc*JABz*')),
    process({ FileName: 'pwsh.exe', ProcessCommandLine: 'pwsh.exe -NoP -ENC JABzAD0A' }),
  ],
  [
    'single arguments',
    all(windows, is('event.type', 'start'), is('process.args', 'delete'), is('process.args', 'shadows')),
    process({ FileName: 'vssadmin.exe', ProcessCommandLine: 'vssadmin.exe  delete shadows /all' }),
  ],
  [
    'a renamed program by its original name',
    all(like('process.pe.original_file_name', 'PsExec.c'), not(like('process.name', 'psexec.exe'))),
    process({ FileName: 'update.exe', ProcessVersionInfoOriginalFileName: 'psexec.c' }),
  ],
  [
    'a program in a folder',
    all(is('event.category', 'process'), like('process.executable', 'C:\\\\Users\\\\Public\\\\*.exe')),
    process({ FileName: 'game.exe', FolderPath: 'c:\\users\\public\\game.exe' }),
  ],
  [
    'a parent by its arguments',
    all(is('event.type', 'start'), like('process.parent.args', '-s'), like('process.parent.args', 'seclogon')),
    process({ FileName: 'a.exe', InitiatingProcessCommandLine: 'svchost.exe -k netsvcs -p -s SecLogon' }),
  ],
  [
    'a parent without a valid signature',
    all(is('event.type', 'start'), is('process.parent.code_signature.trusted', false), like('process.name', 'b.exe')),
    process({ FileName: 'b.exe', InitiatingProcessSignatureStatus: 'Unsigned' }),
  ],
  [
    'an integrity level',
    all(
      is('event.type', 'start'),
      like('process.Ext.token.integrity_level_name', 'system'),
      like('process.name', 'hh.exe'),
    ),
    process({ FileName: 'hh.exe', InitiatingProcessIntegrityLevel: 'System' }),
  ],
  [
    'a hash, whatever it belongs to',
    is('related.hash', 'd'.repeat(64)),
    process({ FileName: 'c.exe', SHA256: 'd'.repeat(64) }),
  ],
  [
    'a registry path',
    all(
      is('event.category', 'registry'),
      is('event.type', 'change'),
      like('registry.path', 'HKLM\\\\SOFTWARE\\\\*\\\\Image File Execution Options\\\\*.exe\\\\Debugger'),
    ),
    onDevice('DeviceRegistryEvents', {
      ActionType: 'RegistryValueSet',
      RegistryKey:
        'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\sethc.exe',
      RegistryValueName: 'Debugger',
      RegistryValueData: 'C:\\other.exe',
    }),
  ],
  [
    'registry data',
    all(
      is('event.category', 'registry'),
      like('registry.value', 'EnableAt'),
      is('registry.data.strings', '1', '0x00000001'),
    ),
    onDevice('DeviceRegistryEvents', {
      ActionType: 'RegistryValueSet',
      RegistryKey: 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\Configuration',
      RegistryValueName: 'EnableAt',
      RegistryValueData: '1',
    }),
  ],
  [
    'a name that was resolved',
    all(is('network.protocol', 'dns'), like('dns.question.name', '*.evil.example')),
    onDevice('DeviceNetworkEvents', {
      ActionType: 'DnsConnectionInspected',
      AdditionalFields: JSON.stringify({ query: 'C2.Evil.example', qtype_name: 'A', direction: 'Out' }),
    }),
  ],
  [
    'a file by extension and path',
    all(
      windows,
      is('event.category', 'file'),
      is('event.type', 'creation'),
      like('file.extension', 'ps1'),
      like('file.path', '*\\\\Startup\\\\*'),
    ),
    onDevice('DeviceFileEvents', {
      ActionType: 'FileCreated',
      FileName: 'Run.PS1',
      FolderPath: 'C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\StartUp\\Run.PS1',
    }),
  ],
  [
    'a library that was loaded',
    all(is('event.category', 'library'), is('event.action', 'load'), like('dll.name', 'planted.dll')),
    onDevice('DeviceImageLoadEvents', {
      ActionType: 'ImageLoaded',
      FileName: 'Planted.dll',
      FolderPath: 'C:\\Temp\\Planted.dll',
    }),
  ],
  [
    'connections from a network',
    all(is('event.category', 'network'), is('source.ip', '203.0.113.0/24'), is('network.direction', 'inbound')),
    onDevice('DeviceNetworkEvents', {
      ActionType: 'InboundConnectionAccepted',
      RemoteIP: '203.0.113.77',
      RemotePort: 50_001,
      LocalIP: '10.0.0.5',
      LocalPort: 3389,
    }),
  ],
  [
    'connections to a port outside of the own networks',
    all(
      is('event.category', 'network'),
      is('destination.port', 4444),
      not(is('destination.ip', '10.0.0.0/8', '192.168.0.0/16')),
    ),
    onDevice('DeviceNetworkEvents', { ActionType: 'ConnectionSuccess', RemoteIP: '198.51.100.4', RemotePort: 4444 }),
  ],
  [
    'logons that failed',
    all(is('event.category', 'authentication'), is('event.outcome', 'failure'), is('source.ip', '198.51.100.9')),
    onDevice('DeviceLogonEvents', { ActionType: 'LogonFailed', AccountName: 'eve', RemoteIP: '198.51.100.9' }),
  ],
  [
    'one user by the security id',
    all(windows, is('user.id', 'S-1-5-21-9-9-9-500')),
    process({ FileName: 'd.exe', AccountSid: 'S-1-5-21-9-9-9-500', AccountName: 'Administrator' }),
  ],
  [
    'access to another process through the API',
    all(
      is('event.category', 'api'),
      is('process.Ext.api.name', 'OpenProcess'),
      like('Target.process.name', 'lsass.exe'),
      { range: { 'process.Ext.api.parameters.desired_access_numeric': { gte: 5000 } } },
    ),
    onDevice('DeviceEvents', {
      ActionType: 'OpenProcessApiCall',
      FileName: 'Lsass.exe',
      InitiatingProcessFileName: 'dump.exe',
      AdditionalFields: JSON.stringify({ DesiredAccess: 5136 }),
    }),
  ],
  [
    'a mail by its subject, in words',
    all(is('event.category', 'email'), {
      match: { 'email.subject.text': { query: 'overdue invoice', operator: 'and' } },
    }),
    { table: 'EmailEvents', properties: { Subject: 'Your INVOICE is overdue!', SenderFromAddress: 'a@b.example' } },
  ],
  [
    'an alert by its technique and severity',
    all(is('event.kind', 'alert'), is('threat.technique.id', 'T1003'), { range: { 'event.severity': { gte: 73 } } }),
    {
      table: 'AlertInfo',
      properties: {
        AlertId: 'planted-alert',
        Title: 'Planted',
        Severity: 'High',
        AttackTechniques: '["OS Credential Dumping (T1003)"]',
      },
    },
  ],
  [
    'a vendor field that has no other name, and a key inside of one',
    all(
      is('m365_defender.event.action.type', 'PowerShellCommand'),
      is('m365_defender.event.additional_fields.Command', 'Invoke-Planted'),
    ),
    onDevice('DeviceEvents', { ActionType: 'PowerShellCommand', AdditionalFields: '{"Command":"Invoke-Planted"}' }),
  ],
]

describe.skipIf(await elasticsearchMissing('9.5'))('on a real Elasticsearch', async () => {
  const { url } = (await elasticsearchMissing('9.5')) ? { url: '' } : await ownElasticsearch('9.5')
  const stream = `logs-m365_defender.event-${freshNamespace()}`
  const found = async (query: Query) => {
    const { hits } = (await ask(url, 'POST', `/${stream}/_search?size=20`, {
      query,
      _source: ['m365_defender.event.planted'],
    })) as {
      hits: { hits: { _source: { m365_defender: { event: { planted?: string } } } }[] }
    }
    return hits.hits.map(({ _source }) => _source.m365_defender?.event.planted)
  }

  beforeAll(async () => {
    await setUp(url)
    const ordinary = createGenerator({ seed: 'ordinary', recordsPerMessage: 300 })
    const planted = cases.map(([title, , { table, properties }]) => ({
      table,
      properties: {
        Timestamp: '2026-03-02T08:00:00Z',
        DeviceName: 'pc-1',
        DeviceId: 'a'.repeat(40),
        ...properties,
        Planted: title,
      },
    }))
    const chunks = [mappedRows(planted), ...Array.from({ length: 10 }, () => mappedBody(ordinary.nextMessage().body))]
    expect(await writeAll(url, stream.slice('logs-m365_defender.event-'.length), chunks)).toEqual([])
    await ask(url, 'POST', `/${stream}/_refresh`)
  })

  test.each(cases)('a query for %s finds its row and no other', async (title, query) => {
    expect(await found(query)).toEqual([title])
  })
})
