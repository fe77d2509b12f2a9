import type { Account } from './fleet.ts'
import { type Process, targetText } from './processes.ts'
import { type FileOnDisk, fileOnDisk, type Os } from './programs.ts'
import type { Columns, Scene } from './scene.ts'
import { isoTime } from './time.ts'
import { publicIp, sites, url } from './vocabulary.ts'

/**
 * Device tables with a process behind each event. Each maker sets `scene.process` and returns the columns of its
 * own; the columns of device and initiating process are added by the table's row. It always returns the same columns.
 */

export function deviceProcessEvents(scene: Scene): Columns {
  const { started, by } = scene.tree().start(scene.now)
  scene.process = by
  scene.ready = targetText(started)
  return {
    ProcessId: started.pid,
    ProcessCommandLine: started.commandLine,
    ProcessIntegrityLevel: started.integrity,
    ProcessTokenElevation: started.elevation,
    ProcessCreationTime: isoTime(started.created),
    LogonId: started.logonId,
    CreatedProcessSessionId: started.sessionId,
    IsProcessRemoteSession: started.remote !== null,
    ProcessRemoteSessionDeviceName: started.remote?.device ?? '',
    ProcessRemoteSessionIP: started.remote?.ip ?? '',
    ProcessUniqueId: started.uniqueId,
    AdditionalFields: posixFields(scene.device.os, by),
  }
}

const documents = ['report.xlsx', 'notes.txt', 'Übersicht.docx', 'setup.exe', 'archive.zip', 'data.db', 'Makefile']
const folders: Readonly<Record<Os, readonly string[]>> = {
  windows: ['C:\\Users\\Public\\Downloads', 'C:\\ProgramData\\Contoso\\Cache', 'C:\\Temp', 'D:\\shares\\finance'],
  linux: ['/var/lib/app', '/tmp', '/opt/backup'],
  macos: ['/Users/Shared', '/private/tmp'],
}
const fileActions = [
  'FileCreated',
  'FileCreated',
  'FileModified',
  'FileModified',
  'FileRenamed',
  'FileDeleted',
] as const

export function deviceFileEvents(scene: Scene): Columns {
  const { random, device } = scene
  scene.process = scene.tree().any()
  const file = someFile(scene)
  const action = random.pick(fileActions)
  const downloaded = action === 'FileCreated' && random.chance(0.15)
  const remote = device.os === 'windows' && random.chance(0.06)
  const account = scene.account
  return {
    ActionType: action,
    ...fileColumns(file),
    FileOriginUrl: downloaded ? url(random, random.pick(sites)) : null,
    FileOriginReferrerUrl: downloaded ? `https://${random.pick(sites)}/` : null,
    FileOriginIP: downloaded ? publicIp(random) : '',
    PreviousFolderPath: action === 'FileRenamed' ? file.folder : '',
    PreviousFileName: action === 'FileRenamed' ? `~${file.name}.tmp` : '',
    RequestProtocol: remote ? random.pick(['Smb', 'Nfs']) : 'Local',
    RequestSourceIP: remote ? `10.20.1.${random.below(255)}` : null,
    RequestSourcePort: remote ? random.between(49_152, 65_535) : null,
    ...accountColumns('RequestAccount', remote ? account : scene.process.account),
    ShareName: remote ? 'finance$' : '',
    SensitivityLabel: random.chance(0.05) ? 'Confidential' : '',
    SensitivitySubLabel: random.chance(0.02) ? 'Recipients Only' : '',
    IsAzureInfoProtectionApplied: random.chance(0.05),
    LogonID: scene.process.logonId,
    AdditionalFields:
      posixFields(device.os, scene.process) || (downloaded ? '{"FileType":"PortableExecutable"}' : null),
  }
}

const libraries = [
  'ntdll.dll',
  'kernel32.dll',
  'amsi.dll',
  'clrjit.dll',
  'wininet.dll',
  'samlib.dll',
  'libcrypto-3-x64.dll',
]
const libraryFiles = libraries.map(name => fileOnDisk('C:\\Windows\\System32', name))

export function deviceImageLoadEvents(scene: Scene): Columns {
  scene.deviceWith('windows')
  scene.process = scene.tree().any()
  return { ActionType: 'ImageLoaded', ...fileColumns(scene.random.pick(libraryFiles)) }
}

type RegistryAction = readonly [action: string, key: string, value: string, type: string, data: string]

const run = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run'
const registryActions: readonly RegistryAction[] = [
  ['RegistryValueSet', run, 'ContosoAgent', 'String', '"C:\\Program Files\\Contoso\\agent.exe" -q'],
  ['RegistryValueSet', 'HKEY_CURRENT_USER\\Software\\Contoso\\Settings', 'LastRun', 'Qword', '133854912000000000'],
  ['RegistryValueSet', 'HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\WinDefend', 'Start', 'Dword', '2'],
  ['RegistryValueSet', 'HKEY_USERS\\S-1-5-18\\Software\\Microsoft\\SystemCertificates', 'Blob', 'Binary', ''],
  ['RegistryValueDeleted', run, 'OldUpdater', '', ''],
  ['RegistryKeyCreated', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Installer', '', '', ''],
  ['RegistryKeyDeleted', 'HKEY_CURRENT_USER\\Software\\Contoso\\Temp', '', '', ''],
  ['RegistryKeyRenamed', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Archive', '', '', ''],
]

export function deviceRegistryEvents(scene: Scene): Columns {
  scene.deviceWith('windows')
  scene.process = scene.tree().any()
  const [action, key, value, type, data] = scene.random.pick(registryActions)
  const changed = action === 'RegistryValueSet' && scene.random.chance(0.5)
  const gone = action.endsWith('Deleted')
  return {
    ActionType: action,
    RegistryKey: gone ? '' : key,
    RegistryValueType: type || null,
    RegistryValueName: gone ? '' : value,
    RegistryValueData: data,
    PreviousRegistryKey: gone || changed ? key : action === 'RegistryKeyRenamed' ? `${key}.old` : '',
    PreviousRegistryValueName: gone || changed ? value : '',
    PreviousRegistryValueData: changed ? `${data}0` : null,
  }
}

const logonTypes = [
  'Interactive',
  'Network',
  'RemoteInteractive',
  'Batch',
  'Service',
  'Unlock',
  'CachedInteractive',
] as const
const failures = ['InvalidUserNameOrPassword', 'UnauthorizedLogonType', 'AccountLockout'] as const
const logonProtocols = ['NTLM', 'Kerberos', 'Negotiate', 'MICROSOFT_AUTHENTICATION_PACKAGE_V1_0'] as const

export function deviceLogonEvents(scene: Scene): Columns {
  const { random, device, account } = scene
  scene.process = scene.tree().any()
  const action = random.chance(0.8) ? 'LogonSuccess' : random.chance(0.8) ? 'LogonFailed' : 'LogonAttempted'
  const type = random.pick(logonTypes)
  const remote = type === 'Network' || type === 'RemoteInteractive'
  const outside = remote && random.chance(0.2)
  return {
    ActionType: action,
    LogonType: type,
    ...accountColumns('Account', account),
    Protocol: device.os === 'windows' ? random.pick(logonProtocols) : '',
    // The service leaves the reason out now and then.
    FailureReason: action === 'LogonFailed' && random.chance(0.8) ? random.pick(failures) : '',
    IsLocalAdmin: action === 'LogonSuccess' ? random.chance(0.2) : null,
    LogonId: action === 'LogonSuccess' ? random.between(100_000, 9_000_000) : null,
    RemoteDeviceName: remote ? random.pick(scene.fleet.devices).host : '',
    RemoteIP: remote ? (outside ? publicIp(random) : `10.20.0.${random.below(120)}`) : random.pick(['', '-']),
    RemoteIPType: remote ? (outside ? 'Public' : 'Private') : '',
    RemotePort: remote ? random.between(49_152, 65_535) : random.pick([null, '', 0]),
    AdditionalFields: posixFields(device.os, scene.process) || `{"IsLocalLogon":${!remote}}`,
  }
}

export function fileColumns(file: FileOnDisk): Columns {
  return {
    FileName: file.name,
    FolderPath: file.path,
    SHA1: file.sha1,
    SHA256: file.sha256,
    MD5: file.md5,
    FileSize: file.size,
  }
}

export function accountColumns(prefix: 'Account' | 'RequestAccount', account: Account): Columns {
  return {
    [`${prefix}Domain`]: account.domain.toLowerCase(),
    [`${prefix}Name`]: account.name,
    [`${prefix}Sid`]: account.sid,
  }
}

/** A file that users and services work with. */
export function someFile({ random, device }: Scene): FileOnDisk {
  const number = random.below(400)
  const folder = folders[device.os][number % folders[device.os].length]!
  return fileOnDisk(folder, documents[number % documents.length]!.replace('.', `-${number}.`))
}

/** Linux and macOS events carry the POSIX side of the initiating process as JSON text. */
export function posixFields(os: Os, process: Process): string {
  if (os === 'windows') return ''
  process.posix ??= JSON.stringify(posixSide(process))
  return process.posix
}

function posixSide({ account, pid, parent }: Process): object {
  const { name, sid, domain } = account
  const id = name === 'root' ? 0 : 1000
  const group = { Sid: sid.replace('S-1-22-1', 'S-1-22-2'), Name: name, DomainName: domain, PosixGroupId: id }
  const user = { Sid: sid, Name: name, DomainName: domain, LogonId: 0, PosixUserId: id, PrimaryPosixGroup: group }
  return {
    InitiatingProcessPosixEffectiveUser: user,
    InitiatingProcessPosixEffectiveGroup: group,
    InitiatingProcessPosixRealUser: user,
    InitiatingProcessPosixProcessGroupId: pid,
    InitiatingProcessPosixSessionId: parent.pid,
    InitiatingProcessPosixFilePermissions: ['OthersExecute', 'OthersRead', 'GroupExecute', 'UserAll'],
  }
}
