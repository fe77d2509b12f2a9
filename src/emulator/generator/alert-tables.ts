import { fileColumns } from './device-tables.ts'
import type { Columns, Scene } from './scene.ts'
import type { Alert } from './stories.ts'
import { isoTime, minute } from './time.ts'
import { alertSources, cloudApps, clouds, publicIp, techniques, threatFamilies } from './vocabulary.ts'

export function alertInfo(scene: Scene): Columns {
  const alert = scene.alerts.introduce('AlertInfo')
  return {
    Timestamp: isoTime(alert.at),
    AlertId: alert.id,
    Title: alert.title,
    Category: alert.category,
    Severity: alert.severity,
    ServiceSource: alert.service,
    DetectionSource: alert.detection,
    AttackTechniques: techniqueList(alert.techniques),
  }
}

/** JSON text of a list, or empty where there is none. */
function techniqueList(names: readonly string[]): string {
  return names.length > 0 ? JSON.stringify(names) : ''
}

type Evidence = (scene: Scene, alert: Alert) => Columns

const machine = (alert: Alert): Columns => ({ DeviceId: alert.device.id, DeviceName: alert.device.name })
const user = (alert: Alert): Columns => ({
  AccountName: alert.account.name,
  AccountDomain: alert.account.domain,
  AccountSid: alert.account.sid,
  AccountObjectId: alert.account.objectId,
  AccountUpn: alert.account.upn,
})
const file = (alert: Alert): Columns => {
  const { FileName, SHA1, SHA256, FileSize } = fileColumns(alert.process.program)
  return {
    FileName: FileName!,
    FolderPath: alert.process.program.folder,
    SHA1: SHA1!,
    SHA256: SHA256!,
    FileSize: FileSize!,
  }
}

const evidence: Readonly<Record<string, Evidence>> = {
  Process: (_scene, alert) => ({
    ...machine(alert),
    ...user(alert),
    ...file(alert),
    ProcessCommandLine: alert.process.commandLine,
  }),
  File: ({ random }, alert) => ({ ...machine(alert), ...file(alert), ThreatFamily: random.pick(threatFamilies) }),
  Machine: (_scene, alert) => ({ ...machine(alert), LocalIP: alert.device.ip }),
  User: (_scene, alert) => user(alert),
  Ip: (_scene, alert) => ({ RemoteIP: alert.remoteIp }),
  Url: (_scene, alert) => ({ RemoteUrl: alert.remoteUrl }),
  RegistryValue: (_scene, alert) => ({
    ...machine(alert),
    RegistryKey: 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run',
    RegistryValueName: 'Updater',
    RegistryValueData: 'C:\\ProgramData\\updater.exe',
  }),
  MailMessage: scene => {
    const mail = scene.mails.follow('evidence')
    return { NetworkMessageId: mail.networkMessageId, EmailSubject: mail.subject, AccountUpn: mail.recipient.upn }
  },
  CloudApplication: ({ random }) => {
    const [name, id] = random.pick(cloudApps)
    return { Application: name, ApplicationId: id }
  },
  OAuthApplication: ({ random }) => ({ OAuthApplicationId: random.guid() }),
}

const emptyEvidence: Columns = {
  EvidenceDirection: '',
  FileName: '',
  FolderPath: '',
  SHA1: '',
  SHA256: '',
  FileSize: null,
  ThreatFamily: '',
  RemoteIP: '',
  RemoteUrl: '',
  AccountName: '',
  AccountDomain: '',
  AccountSid: '',
  AccountObjectId: '',
  AccountUpn: '',
  DeviceId: '',
  DeviceName: '',
  LocalIP: '',
  NetworkMessageId: '',
  EmailSubject: '',
  Application: '',
  ApplicationId: null,
  OAuthApplicationId: '',
  ProcessCommandLine: '',
  RegistryKey: '',
  RegistryValueName: '',
  RegistryValueData: '',
}

export function alertEvidence(scene: Scene): Columns {
  const { random } = scene
  const alert = scene.alerts.follow('AlertEvidence')
  const type = random.pick(Object.keys(evidence))
  const azure = random.chance(0.1)
  const subscription = azure ? random.guid() : ''
  return {
    ...emptyEvidence,
    Timestamp: isoTime(alert.at + random.below(1_000_000)),
    AlertId: alert.id,
    Title: alert.title,
    Categories: JSON.stringify([alert.category]),
    AttackTechniques: techniqueList(alert.techniques),
    ServiceSource: alert.service,
    DetectionSource: alert.detection,
    EntityType: type,
    EvidenceRole: random.pick(['Related', 'Impacted']),
    ...evidence[type]!(scene, alert),
    ...(type === 'Ip' ? { EvidenceDirection: random.pick(['Source', 'Destination']) } : {}),
    Severity: alert.severity,
    AdditionalFields: JSON.stringify({
      Asset: random.chance(0.3),
      Type: type.toLowerCase(),
      Role: 0,
      MergeByKey: random.hex(16),
    }),
    CloudResource: azure ? 'Storage account' : '',
    CloudPlatform: azure ? random.pick(clouds) : '',
    ResourceType: azure ? 'Storage account' : '',
    ResourceID: azure
      ? `/subscriptions/${subscription}/resourceGroups/prod/providers/Microsoft.Storage/storageAccounts/logs`
      : '',
    SubscriptionId: subscription,
    MachineGroup: type === 'Machine' ? alert.device.group : null,
  }
}

export function behaviorInfo(scene: Scene): Columns {
  const { random, account, device } = scene
  const category = random.pick(['InitialAccess', 'Discovery', 'Exfiltration'] as const)
  const onDevice = random.chance(0.5)
  const [service, detection] = random.pick(alertSources)
  return {
    BehaviorId: random.guid(),
    ActionType: random.pick(['ImpossibleTravel', 'MassDownload', 'UnusualAdministrationActivity']),
    Title: 'Unusual activity of one account',
    Description: `${account.display} did more than usual from ${publicIp(random)}.`,
    Categories: JSON.stringify([category]),
    AttackTechniques: techniqueList(techniques[category]),
    ServiceSource: service,
    DetectionSource: detection,
    DeviceId: onDevice ? device.id : '',
    MachineGroup: onDevice ? device.group : null,
    AccountUpn: account.upn,
    AccountObjectId: account.objectId,
    StartTime: isoTime(scene.now - 40 * minute),
    EndTime: isoTime(scene.now - 2 * minute),
  }
}
