import type { Account, Device, Fleet } from '../generator/fleet.ts'
import type { Random } from '../generator/random.ts'
import { badSites, publicIp, subjects } from '../generator/vocabulary.ts'

export type Evidence = Readonly<Record<string, unknown>>

/** What an alert is about. */
export interface Scene {
  readonly random: Random
  readonly fleet: Fleet
  readonly device: Device
  readonly account: Account
  /** ISO dates. */
  readonly seen: string
  readonly started: string
}

type Maker = (scene: Scene) => Record<string, unknown>

/** An evidence item of each kind that the mapping knows, and some that it does not; the fields as Graph documents them. */
const makers: Readonly<Record<string, Maker>> = {
  deviceEvidence: ({ random, device, account, started }) => ({
    azureAdDeviceId: random.chance(0.7) ? device.aadId : null,
    defenderAvStatus: 'updated',
    deviceDnsName: device.name,
    dnsDomain: 'contoso.example',
    firstSeenDateTime: started,
    healthStatus: 'active',
    hostName: device.host,
    ipInterfaces: [device.ip, device.ip6],
    lastExternalIpAddress: device.publicIp,
    lastIpAddress: device.ip,
    loggedOnUsers: [{ accountName: account.name, domainName: account.domain }],
    mdeDeviceId: device.id,
    ntDomain: null,
    onboardingStatus: 'onboarded',
    osBuild: device.build || null,
    osPlatform: device.platform,
    rbacGroupId: 12,
    rbacGroupName: device.group,
    riskScore: random.pick(['none', 'low', 'medium', 'high']),
    version: device.version,
    vmMetadata: random.chance(0.3)
      ? {
          vmId: random.guid(),
          cloudProvider: 'azure',
          resourceId: '/subscriptions/1/vm',
          subscriptionId: random.guid(),
        }
      : null,
  }),
  fileEvidence: ({ random, device }) => ({
    detectionStatus: random.pick(['detected', 'prevented']),
    mdeDeviceId: device.id,
    fileDetails: file(random, 'C:\\Users\\Public\\Downloads'),
  }),
  processEvidence: ({ random, device, account, seen, started }) => ({
    detectionStatus: 'detected',
    imageFile: file(random, 'C:\\Temp'),
    mdeDeviceId: device.id,
    parentProcessCreationDateTime: started,
    parentProcessId: random.between(4, 20_000),
    parentProcessImageFile: { ...file(random, 'C:\\Windows'), fileName: 'explorer.exe' },
    processCommandLine: `tool.exe -x "${random.hex(8)}"`,
    processCreationDateTime: seen,
    processId: random.between(4, 20_000),
    userAccount: userAccount(account),
  }),
  ipEvidence: ({ random }) => ({
    countryLetterCode: random.pick(['NL', 'BR', 'US']),
    ipAddress: publicIp(random),
    location: null,
    stream: null,
  }),
  urlEvidence: ({ random }) => ({ url: `https://${random.pick(badSites)}/a?b=${random.below(1000)}` }),
  userEvidence: ({ account }) => ({ stream: null, userAccount: userAccount(account) }),
  mailboxEvidence: ({ account }) => ({
    displayName: account.display,
    primaryAddress: account.upn,
    upn: account.upn,
    userAccount: userAccount(account),
  }),
  analyzedMessageEvidence: ({ random, account, seen }) => ({
    antiSpamDirection: 'inbound',
    attachmentsCount: random.below(3),
    deliveryAction: 'blocked',
    deliveryLocation: 'quarantine',
    internetMessageId: `<${random.hex(12)}@bad.example>`,
    language: 'en',
    networkMessageId: random.guid(),
    p1Sender: { emailAddress: 'bounce@bad.example', displayName: null, domainName: 'bad.example' },
    p2Sender: { emailAddress: 'invoice@bad.example', displayName: 'Accounts', domainName: 'bad.example' },
    receivedDateTime: seen,
    recipientEmailAddress: account.upn,
    senderIp: publicIp(random),
    subject: random.pick(subjects).replace('{n}', String(random.below(900))),
    threatDetectionMethods: ['FingerPrintMatch'],
    threats: ['Phish'],
    urlCount: 1,
    urls: [`https://${random.pick(badSites)}/`],
    urn: `urn:messages:${random.guid()}`,
  }),
  mailClusterEvidence: ({ random }) => ({
    clusterBy: 'Subject;P2SenderDomain',
    clusterByValue: 'Invoice;bad.example',
    emailCount: random.between(2, 40),
    networkMessageIds: [random.guid(), random.guid()],
    query: "(Subject:'Invoice')",
    urn: `urn:clusters:${random.guid()}`,
  }),
  registryKeyEvidence: () => ({
    registryHive: 'HKEY_LOCAL_MACHINE',
    registryKey: 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run',
  }),
  registryValueEvidence: ({ random, device }) => ({
    mdeDeviceId: device.id,
    registryHive: 'HKEY_LOCAL_MACHINE',
    registryKey: 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run',
    registryValue: `C:\\Temp\\${random.hex(6)}.exe`,
    registryValueName: 'Updater',
    registryValueType: 'String',
  }),
  securityGroupEvidence: ({ random }) => ({
    activeDirectoryObjectGuid: null,
    displayName: 'Finance admins',
    distinguishedName: null,
    friendlyName: null,
    securityGroupId: random.guid(),
    sid: null,
  }),
  cloudApplicationEvidence: ({ random }) => ({
    appId: 11_161,
    displayName: 'Microsoft 365',
    instanceId: random.below(9),
    instanceName: 'Microsoft 365',
    saasAppId: 11_161,
    stream: null,
  }),
  oauthApplicationEvidence: ({ random }) => ({
    appId: random.guid(),
    displayName: 'Mail sync',
    objectId: random.guid(),
    publisher: 'Example',
  }),
  // Kinds that come without notice: nothing of them may be lost.
  nicEvidence: ({ device }) => ({
    ipAddress: { '@odata.type': '#microsoft.graph.security.ipEvidence', ipAddress: device.ip },
    macAddress: device.mac,
    vlans: ['7'],
  }),
  quantumLinkEvidence: ({ random }) => ({ linkId: random.guid(), nested: { a: [1, { b: null }], c: '' } }),
}

export const evidenceKinds = Object.keys(makers)

export function evidenceOf(kind: string, scene: Scene): Evidence {
  const { random, seen } = scene
  return {
    '@odata.type': `#microsoft.graph.security.${kind}`,
    createdDateTime: seen,
    verdict: random.pick(['unknown', 'suspicious', 'malicious', 'noThreatsFound']),
    remediationStatus: random.pick(['none', 'remediated', 'blocked', 'notFound']),
    remediationStatusDetails: null,
    roles: random.chance(0.4) ? [random.pick(['compromised', 'attacked', 'source', 'commandAndControl'])] : [],
    detailedRoles: [],
    tags: random.chance(0.2) ? ['finance'] : [],
    ...makers[kind]!(scene),
  }
}

function file(random: Random, folder: string): Record<string, unknown> {
  return {
    fileName: `${random.hex(6)}.exe`,
    filePath: folder,
    filePublisher: null,
    fileSize: random.between(1000, 9_000_000),
    issuer: null,
    md5: null,
    sha1: random.hex(40),
    sha256: random.hex(64),
    sha256Ac: null,
    signer: null,
  }
}

function userAccount(account: Account): Record<string, unknown> {
  return {
    accountName: account.name,
    activeDirectoryObjectGuid: null,
    azureAdUserId: account.objectId,
    displayName: account.display,
    domainName: account.domain,
    resourceAccessEvents: [],
    userPrincipalName: account.upn,
    userSid: account.sid,
  }
}
