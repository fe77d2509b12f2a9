import { accountColumns, posixFields, someFile } from './device-tables.ts'
import type { Process } from './processes.ts'
import type { Columns, Json, Scene } from './scene.ts'
import { isoTime } from './time.ts'
import { badSites, publicIp, threatFamilies, url } from './vocabulary.ts'

/**
 * DeviceEvents is many kinds of event in one table. Each kind fills a few of the columns; the others are empty as
 * the service leaves them.
 */
type Kind = readonly [action: string, fill: (scene: Scene, target: Process) => Columns]

const json = (value: Json): string => JSON.stringify(value)

/** Another process as the one acted upon. */
function targetColumns(target: Process): Columns {
  return {
    FileName: target.program.name,
    FolderPath: target.program.folder,
    SHA1: target.program.sha1,
    SHA256: target.program.sha256,
    MD5: target.program.md5,
    ProcessId: target.pid,
    ProcessCommandLine: target.commandLine,
    ProcessCreationTime: isoTime(target.created),
    ProcessTokenElevation: target.elevation,
    CreatedProcessSessionId: target.sessionId,
    IsProcessRemoteSession: target.remote !== null,
    ProcessRemoteSessionDeviceName: target.remote?.device ?? '',
    ProcessRemoteSessionIP: target.remote?.ip ?? '',
  }
}

function detectedFile(scene: Scene): Columns {
  const file = someFile(scene)
  return {
    FileName: file.name,
    FolderPath: file.folder,
    SHA1: file.sha1,
    SHA256: file.sha256,
    MD5: file.md5,
    FileSize: file.size,
    FileOriginUrl: url(scene.random, badSites[0]),
    FileOriginIP: publicIp(scene.random),
  }
}

const memoryCall = (scene: Scene) =>
  json({
    BaseAddress: 2_130_706_432 + scene.random.below(65_536) * 4096,
    RegionSize: 4096 * scene.random.between(1, 64),
    ProtectionMask: 64,
    TotalBytesCopied: scene.random.below(10_000),
  })

const windowsKinds: readonly Kind[] = [
  ['CreateRemoteThreadApiCall', (_scene, target) => targetColumns(target)],
  [
    'OpenProcessApiCall',
    (_scene, target) => ({ ...targetColumns(target), AdditionalFields: json({ DesiredAccess: 5136 }) }),
  ],
  ['ReadProcessMemoryApiCall', (scene, target) => ({ ...targetColumns(target), AdditionalFields: memoryCall(scene) })],
  ['WriteToLsassProcessMemory', (_scene, target) => targetColumns(target)],
  ['NtAllocateVirtualMemoryApiCall', scene => ({ AdditionalFields: memoryCall(scene) })],
  ['NtProtectVirtualMemoryApiCall', scene => ({ AdditionalFields: memoryCall(scene) })],
  [
    'NamedPipeEvent',
    () => ({
      AdditionalFields: json({
        PipeName: '\\Device\\NamedPipe\\lsass',
        FileOperation: 'File opened',
        DesiredAccess: 1180063,
      }),
    }),
  ],
  ['PowerShellCommand', () => ({ AdditionalFields: json({ Command: 'Get-MpPreference' }) })],
  [
    'DnsQueryResponse',
    scene => ({
      RemoteUrl: '',
      AdditionalFields: json({
        DnsQueryString: `${scene.random.hex(6)}.example`,
        DnsQueryResult: `[{"Result":"${publicIp(scene.random)}","DnsQueryType":"A"}]`,
      }),
    }),
  ],
  [
    'LdapSearch',
    () => ({
      AdditionalFields: json({
        AttributeList: ['sAMAccountName'],
        ScopeOfSearch: 'SubTree',
        SearchFilter: '(&(objectCategory=person)(objectClass=user))',
        DistinguishedName: 'DC=contoso,DC=example',
      }),
    }),
  ],
  [
    'AntivirusDetection',
    scene => ({
      ...detectedFile(scene),
      AdditionalFields: json({
        ThreatName: `Trojan:Win32/${scene.random.pick(threatFamilies)}!ml`,
        Action: 'Quarantine',
        WasExecutingWhileDetected: false,
      }),
    }),
  ],
  [
    'SmartScreenUrlWarning',
    scene => ({
      RemoteUrl: `https://${scene.random.pick(badSites)}/`,
      AdditionalFields: json({ Experience: 'Phishing', ActivityId: scene.random.guid() }),
    }),
  ],
  [
    'BrowserLaunchedToOpenUrl',
    scene => ({ RemoteUrl: url(scene.random, 'intranet.contoso.example'), FileOriginUrl: null }),
  ],
  [
    'DriverLoad',
    () => ({
      FileName: 'tcpip.sys',
      FolderPath: 'C:\\Windows\\System32\\drivers',
      SHA1: '4f1a3c0f5d27b9e8a06c1d2e3f405162738495a6',
      FileSize: 3_203_072,
    }),
  ],
  [
    'ScheduledTaskCreated',
    scene => ({
      ...accountColumns('Account', scene.account),
      AdditionalFields: json({ TaskName: '\\Contoso\\Update', TaskContent: '<Task version="1.2"><Actions/></Task>' }),
    }),
  ],
  [
    'UserAccountCreated',
    scene => ({
      ...accountColumns('Account', scene.account),
      LogonId: 0,
      AdditionalFields: json({ Subject: 'system' }),
    }),
  ],
  [
    'AsrOfficeChildProcessAudited',
    (scene, target) => ({
      ...targetColumns(target),
      AdditionalFields: json({ RuleId: scene.random.guid(), IsAudit: true }),
    }),
  ],
  [
    'FirewallInboundConnectionBlocked',
    scene => ({
      RemoteIP: publicIp(scene.random),
      RemotePort: scene.random.between(1024, 65_535),
      LocalIP: scene.device.ip,
      LocalPort: 445,
      RemoteDeviceName: '',
    }),
  ],
  [
    'RemoteDesktopConnection',
    scene => ({
      RemoteIP: '10.20.9.7',
      RemoteDeviceName: scene.random.pick(scene.fleet.devices).host,
      LocalIP: scene.device.ip,
    }),
  ],
  [
    'ExploitGuardNetworkProtectionAudited',
    scene => ({
      RemoteUrl: scene.random.pick(badSites),
      RemoteIP: publicIp(scene.random),
      LocalPort: '',
      RemotePort: '',
    }),
  ],
  [
    'TamperingAttempt',
    () => ({
      RegistryKey: 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender',
      RegistryValueName: 'DisableAntiSpyware',
      RegistryValueData: '1',
    }),
  ],
  [
    'AppGuardLaunchedWithUrl',
    scene => ({ RemoteUrl: 'https://downloads.example.org/', AppGuardContainerId: scene.random.guid() }),
  ],
]

const posixKinds: readonly Kind[] = [
  [
    'ScriptContent',
    scene => ({
      FileName: 'run.sh',
      SHA256: scene.random.hex(64),
      AdditionalFields: json({ ScriptContent: '#!/bin/sh\nset -e\n' }),
    }),
  ],
  ['PTraceDetected', (_scene, target) => targetColumns(target)],
  [
    'AntivirusScanCompleted',
    () => ({ AdditionalFields: json({ ScanTypeIndex: 'Quick', ScanParametersIndex: 'Default' }) }),
  ],
  ['SshKeyAdded', scene => ({ ...accountColumns('Account', scene.account) })],
]

const empty: Columns = {
  FileName: '',
  FolderPath: '',
  SHA1: '',
  SHA256: '',
  MD5: '',
  FileSize: null,
  AccountDomain: '',
  AccountName: '',
  AccountSid: '',
  RemoteUrl: '',
  RemoteDeviceName: '',
  ProcessId: null,
  ProcessCommandLine: '',
  ProcessCreationTime: null,
  ProcessTokenElevation: '',
  LogonId: null,
  RegistryKey: '',
  RegistryValueName: '',
  RegistryValueData: '',
  RemoteIP: '',
  RemotePort: null,
  LocalIP: '',
  LocalPort: null,
  FileOriginUrl: '',
  FileOriginIP: '',
  AppGuardContainerId: '',
  AdditionalFields: '',
  CreatedProcessSessionId: null,
  IsProcessRemoteSession: false,
  ProcessRemoteSessionDeviceName: '',
  ProcessRemoteSessionIP: '',
}

export function deviceEvents(scene: Scene): Columns {
  const tree = scene.tree()
  scene.process = tree.any()
  const [action, fill] = scene.random.pick(scene.device.os === 'windows' ? windowsKinds : posixKinds)
  const columns: Columns = { ...empty, ActionType: action, ...fill(scene, tree.any()) }
  if (columns.AdditionalFields === '') columns.AdditionalFields = posixFields(scene.device.os, scene.process)
  return columns
}
