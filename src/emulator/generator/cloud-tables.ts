import { systemAccount } from './fleet.ts'
import { fileOnDisk } from './programs.ts'
import type { Columns, Scene } from './scene.ts'
import { isoTime, minute } from './time.ts'
import { cloudApps, internetProviders, publicIp, userAgents } from './vocabulary.ts'

const appActions = [
  'FileDownloaded',
  'MailItemsAccessed',
  'FileAccessed',
  'Update user.',
  'MessageSent',
  'New-InboxRule',
] as const

export function cloudAppEvents(scene: Scene): Columns {
  const { random, account } = scene
  const [application, applicationId] = random.pick(cloudApps)
  const action = random.pick(appActions)
  const ip = publicIp(random)
  const agent = random.pick(userAgents)
  const raw = {
    CreationTime: isoTime(scene.now).slice(0, 19),
    Id: random.guid(),
    Operation: action,
    UserId: account.upn,
    ClientIP: ip,
  }
  return {
    ActionType: action,
    Application: application,
    ApplicationId: applicationId,
    AppInstanceId: 0,
    AccountObjectId: account.objectId,
    AccountId: account.objectId,
    AccountDisplayName: account.display,
    IsAdminOperation: random.pick([null, '', '0', '1', false, 0]),
    DeviceType: random.pick(['Desktop', 'Mobile', '']),
    OSPlatform: random.pick(['Windows 11', 'OS X', '']),
    IPAddress: ip,
    IsAnonymousProxy: random.pick([null, false, '0', true]),
    CountryCode: account.place.code,
    City: account.place.city,
    Isp: random.pick(internetProviders),
    UserAgent: agent,
    ActivityType: random.pick(['Basic', 'Download', 'Edit', 'Log on']),
    ActivityObjects: [
      { Type: 'User', Role: 'Actor', Name: account.display, Id: account.objectId, ApplicationId: applicationId },
    ],
    ObjectName: random.pick(['/sites/finance/Shared Documents/plan.xlsx', '']),
    ObjectType: random.pick(['File', 'Account', '']),
    ReportId: `${random.next()}_${applicationId}_${random.guid()}`,
    AccountType: 'Regular',
    IsExternalUser: random.pick([false, '0', true]),
    IsImpersonated: random.pick([false, '', null]),
    IPTags: random.chance(0.1) ? ['Anonymous proxy'] : [],
    IPCategory: random.pick(['Corporate', 'Risky', '']),
    UserAgentTags: random.chance(0.1) ? ['Outdated browser'] : [],
    RawEventData: raw,
    AdditionalFields: random.chance(0.3) ? { LicenseType: 'E5', 'Time Since Last': 3 } : {},
    LastSeenForUser: { ActionType: random.below(30), ISP: random.below(30), UserAgent: -1 },
    UncommonForUser: random.chance(0.2) ? ['ISP', 'CountryCode'] : [],
    AuditSource: random.pick(['Defender for Cloud Apps app connector', '']),
  }
}

export function cloudAuditEvents(scene: Scene): Columns {
  const { random, account } = scene
  const operation = random.pick(['Write Deployments', 'Delete VirtualMachines', 'List StorageAccount Keys'])
  const ip = publicIp(random)
  return {
    ReportId: random.guid(),
    DataSource: random.pick(['Azure Logs', 'AWS Logs', 'GCP Logs']),
    ActionType: operation,
    OperationName: `Microsoft.Resources/${operation.replaceAll(' ', '/')}`,
    ResourceId: `/subscriptions/${random.guid()}/resourcegroups/prod`,
    IPAddress: ip,
    IsAnonymousProxy: random.pick([false, null]),
    CountryCode: account.place.code,
    City: account.place.city,
    Isp: random.pick(internetProviders),
    UserAgent: random.pick(userAgents),
    RawEventData: { caller: account.upn, callerIpAddress: ip, status: 'Succeeded', level: 'Information' },
    AdditionalFields: { Scope: 'Subscription' },
  }
}

const containerPrograms = [fileOnDisk('/usr/sbin', 'nginx'), fileOnDisk('/usr/bin', 'curl'), fileOnDisk('/bin', 'sh')]

export function cloudProcessEvents(scene: Scene): Columns {
  const { random } = scene
  const program = random.pick(containerPrograms)
  const pod = `shop-${random.hex(6)}`
  return {
    AzureResourceId: `/subscriptions/${random.guid()}/resourceGroups/prod/providers/Microsoft.ContainerService/managedClusters/aks-1`,
    ContainerImageName: 'registry.example/shop:1.14.2',
    ContainerName: 'shop',
    ContainerId: random.hex(64),
    KubernetesNamespace: random.pick(['default', 'kube-system', 'shop']),
    KubernetesPodName: pod,
    KubernetesResource: `deployment/${pod.split('-')[0]}`,
    ActionType: 'ProcessCreated',
    FileName: program.name,
    FolderPath: program.folder,
    ProcessId: random.between(2, 32_000),
    ProcessName: program.name,
    ParentProcessName: 'containerd-shim',
    ParentProcessId: String(random.between(2, 32_000)),
    ProcessCommandLine: `${program.name} -c "echo ok"`,
    ProcessCreationTime: isoTime(scene.now - 90_000),
    ProcessCurrentWorkingDirectory: '/app',
    AccountName: systemAccount.linux.name,
    LogonId: 0,
  }
}

export function cloudStorageAggregatedEvents(scene: Scene): Columns {
  const { random, account } = scene
  const total = random.between(1, 900)
  const failed = random.below(total)
  const inside = random.chance(0.3)
  return {
    DataAggregationStartTime: isoTime(scene.now - 60 * minute),
    DataAggregationEndTime: isoTime(scene.now),
    DataSource: 'Azure Storage',
    StorageAccount: 'contosologs',
    StorageContainer: random.pick(['exports', 'backups']),
    ServiceType: 'Blob',
    IpAddress: inside ? '10.20.0.9' : publicIp(random),
    IsPrivateIp: inside,
    UserAgentHeader: random.pick(userAgents),
    OperationNamesList: ['GetBlob', 'ListBlobs'],
    AuthenticationType: random.pick(['OAuth', 'SAS', 'AccountKey', 'Anonymous']),
    AccountObjectId: account.objectId,
    AccountUpn: account.upn,
    AccountTenantId: scene.fleet.tenantId,
    OperationsCount: total,
    SuccessfulOperationsCount: total - failed,
    FailedOperationsCount: failed,
    FirstEventTimestamp: isoTime(scene.now - 59 * minute),
    LastEventTimestamp: isoTime(scene.now - minute),
    ReportId: random.guid(),
    ActionType: 'BlobRead',
  }
}
