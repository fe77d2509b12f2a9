import { companyDomain } from './fleet.ts'
import { fileOnDisk } from './programs.ts'
import { bigDigits } from './random.ts'
import type { Json, Scene } from './scene.ts'
import type { Column, ColumnType } from './tables.ts'
import { day, isoTime } from './time.ts'
import {
  alertSources,
  badSites,
  cloudApps,
  clouds,
  internetProviders,
  publicIp,
  severities,
  sites,
  techniques,
  url,
  userAgents,
} from './vocabulary.ts'

/** Makes a value of one column for the tenant as it stands. */
export type ColumnMaker = (scene: Scene) => Json

/**
 * Values by the column's name, for columns that no table makes by hand; the first pattern that fits makes it. What
 * tells of the device or the account takes the one on stage, so that the columns of a record agree.
 */
const byName: readonly (readonly [name: RegExp, make: ColumnMaker])[] = [
  [/^Timestamp$|^TimeGenerated$/, scene => isoTime(scene.now)],
  [/^IssuedTo$/, scene => ({ CommonName: scene.device.name })],
  [/^IssuedBy$/, () => ({ CommonName: 'Contoso Issuing CA 2' })],
  // Null on all tables but those of devices, where it comes with the device.
  [/^MachineGroup$/, () => null],
  [/^(Source|Target|Host)?DeviceId$/, scene => scene.device.id],
  [/^HostName$/, scene => scene.device.host],
  [/DeviceName$/, scene => scene.device.name],
  [/^(AadDeviceId|EntraIdDeviceId)$/, scene => scene.device.aadId],
  [/^OSPlatform$/, scene => scene.device.platform],
  [/^OSVersion$/, scene => `10.0.${scene.device.build}.3007`],
  [/^OSArchitecture$/, () => 'x64'],
  [/^TenantId$|TenantId$/, scene => scene.fleet.tenantId],
  [/DisplayName$|^AccountDisplay/, scene => scene.account.display],
  [/(Account|User)(Sid|Sids)$|^Sid$|UserSid$/, scene => scene.account.sid],
  [/AccountObjectId$|^EntraObjectId$|^AccountId$|^IdentityId$/, scene => scene.account.objectId],
  [/UserName$|AccountName$/, scene => scene.account.name],
  [/DomainName$|AccountDomain$/, scene => scene.account.domain],
  [/Upns?$|Email(Address)?$|EmailAddress$|Emails$|By$|AlternateSignInName/, scene => scene.account.upn],
  [/^GivenName$/, scene => scene.account.given],
  [/^Surname$/, scene => scene.account.surname],
  [/^Department$/, scene => scene.account.department],
  [/^JobTitle$/, scene => scene.account.title],
  [/^(City|CityName)$/, scene => scene.account.place.city],
  [/^CountryName$/, scene => scene.account.place.country],
  [/^Country$|^CountryCode$|^Location$/, scene => scene.account.place.code],
  [/^(State|ProvinceName)$/, scene => scene.account.place.state],
  [/^Latitude$/, scene => scene.account.place.latitude],
  [/^Longitude$/, scene => scene.account.place.longitude],
  [/^Phone$/, ({ random }) => `+41 44 555 ${random.between(10, 99)} ${random.between(10, 99)}`],
  [/^Isp$|^ISP$/, ({ random }) => random.pick(internetProviders)],
  [/^(LocalIP|IPAddress)$/, scene => scene.device.ip],
  [/(IP|I[pP]Address)$/, ({ random }) => publicIp(random)],
  [/Port$/, ({ random }) => String(random.between(1024, 65_535))],
  [/UserAgent/, ({ random }) => random.pick(userAgents)],
  [/MD5$/, ({ random }) => random.hex(32)],
  [/SHA256$|Digest$|PolicyHash$/, ({ random }) => random.hex(64)],
  [/SHA1$|Hash$|Thumbprint$/, ({ random }) => random.hex(40)],
  [/^SerialNumber$|SerialNumber$/, ({ random }) => random.hex(20).toUpperCase()],
  [/FileName$|^ObjectName$/, ({ random }) => random.pick(someFiles).name],
  [/FolderPath$/, ({ random }) => random.pick(someFiles).folder],
  [/FilePath$|^Path$/, ({ random }) => random.pick(someFiles).path],
  [/CommandLine$/, ({ random }) => `tool.exe --id ${random.below(1000)} "C:\\Program Files\\Contoso"`],
  [/UrlDomains?$/, ({ random }) => random.pick(sites)],
  [/^RemoteUrl$/, ({ random }) => random.pick(badSites)],
  [/^RequestUri$/, ({ random }) => `https://graph.microsoft.com/v1.0/users?$top=${random.between(1, 999)}`],
  [/Url$|Uri$/, ({ random }) => url(random, random.pick(sites))],
  [/^DnsQuery$/, ({ random }) => random.pick(sites)],
  [/^DnsEventSubType$/, ({ random }) => random.pick(['request', 'response'])],
  [/^ObjectType$/, ({ random }) => random.pick(['File', 'Folder', 'Message'])],
  [/^ActionResult$/, ({ random }) => random.pick(['SUCCESS', 'SUCCESS', 'FAILURE'])],
  [/^ReportType$/, ({ random }) => random.pick(['Prevented', 'PolicyUpdate'])],
  [/^ErrorCode$/, ({ random }) => random.pick([0, 0, 0, 50_126, 50_053])],
  [/Severity(Level)?$|^ExtensionRisk$|^PermissionRisk$/, ({ random }) => random.pick(severities)],
  [/^ServiceSource$/, ({ random }) => random.pick(alertSources)[0]],
  [/^DetectionSource$/, ({ random }) => random.pick(alertSources)[1]],
  [/^AttackTechniques$/, () => JSON.stringify(techniques.InitialAccess)],
  [/^Categories$/, ({ random }) => JSON.stringify([random.pick(Object.keys(techniques))])],
  [/^EntityType$/, ({ random }) => random.pick(['File', 'Process', 'User', 'Machine', 'Ip'])],
  [/^CloudPlatforms?$/, ({ random }) => random.pick(clouds)],
  [/^Application$|^ApplicationNames$|^AppName$/, ({ random }) => random.pick(cloudApps)[0]],
  [
    /^AzureResourceId$/,
    ({ random }) =>
      `/subscriptions/${random.guid()}/resourceGroups/prod/providers/Microsoft.Compute/virtualMachines/vm-1`,
  ],
  [/^AwsResourceName$/, ({ random }) => `arn:aws:ec2:eu-west-1:123456789012:instance/i-${random.hex(16)}`],
  [
    /^GcpFullResourceName$/,
    ({ random }) =>
      `//compute.googleapis.com/projects/contoso/zones/europe-west6-a/instances/${random.below(10_000_000)}`,
  ],
  [/^Subscription|SubscriptionId$/, ({ random }) => random.guid()],
  [/^Region$/, () => 'switzerlandnorth'],
  [/^CveId$/, ({ random }) => `CVE-2026-${random.between(10_000, 10_400)}`],
  [/^CvssScore$/, ({ random }) => `${random.between(1, 9)}.${random.below(10)}`],
  [/^ConfigurationId$/, ({ random }) => `scid-${random.between(1, 5000)}`],
  [/^SoftwareVendor$|Vendor$|Manufacturer$/, ({ random }) => random.pick(['microsoft', 'google', 'examplesoft'])],
  [/^SoftwareName$/, ({ random }) => random.pick(['office', 'chrome', 'exampleapp'])],
  [/Version$/, ({ random }) => `${random.between(1, 20)}.${random.below(10)}.${random.below(4000)}`],
  [/^RequestMethod$/, ({ random }) => random.pick(['GET', 'POST', 'PATCH'])],
  [/StatusCode$/, ({ random }) => random.pick(['200', '403', '429'])],
  [/^KeySize$|Duration$|Size$|Count$|^UserAccountControl$/, ({ random }) => String(random.between(1, 9000))],
  [/(Time|Date|On)$/, ({ random, now }) => isoTime(now - random.between(0, 300) * day)],
  [/^NetworkMessageId$/, scene => scene.mails.follow('columns').networkMessageId],
  [/^InternetMessageId$/, scene => scene.mails.follow('columns').internetMessageId],
  [/Subject$/, scene => scene.mails.follow('columns').subject],
  [/^TeamsMessageId$/, scene => scene.teamsMessages.follow('columns').id],
  [/UniqueId$/, ({ random }) => bigDigits(random)],
  [/^SourceSystem$/, () => 'Azure'],
  [/^Type$/, () => 'User'],
  [/^ActionType$|^Operation$/, ({ random }) => random.pick(['Create', 'Update', 'Delete', 'Read', 'Allow', 'Deny'])],
  [/^(Is|Has)[A-Z]/, ({ random }) => random.pick(['True', 'False'])],
  [/(Id|ID|Guid|Uuid|Identifier)$/, ({ random }) => random.guid()],
  [/Ids$/, ({ random }) => `${random.guid()},${random.guid()}`],
  [
    /Description$|Rationale$|Instructions$|Options$/,
    ({ random }) => `What it is about, in a sentence (${random.below(1000)}).`,
  ],
  [
    /(Info|Details|Fields|Policies|Properties)$/,
    ({ random }) => JSON.stringify({ Name: companyDomain, Count: random.below(9) }),
  ],
]

const someFiles = ['plan.xlsx', 'setup.exe', 'mémo.txt'].map(name => fileOnDisk('C:\\Users\\Public\\Documents', name))

const dynamicValues: readonly ColumnMaker[] = [
  ({ random }) => ({ Id: random.guid(), Name: 'Contoso', 'Display Name': 'Contoso Ltd', Count: random.below(100) }),
  ({ random }) => [{ Id: random.hex(8), Value: random.below(100), Enabled: random.chance(0.5) }],
  ({ random }) => [
    { Key: 'a.b', Value: 'x' },
    { Key: 'c d', Value: random.hex(4) },
  ],
]
const dynamicLists: readonly ColumnMaker[] = [({ random }) => [random.pick(['alpha', 'beta']), 'gamma'], () => []]
/** Columns whose dynamic value is a list of texts. */
const listColumns =
  /^(Tags|.*Categories|.*Roles|GroupMembership|EnrolledMfas|.*Names(List)?|.*Ids|.*Paths|.*Tags|OSPlatform|ExtensionVersion|Permissions|SourceProviders|OtherMailAddresses|Capabilities|Channels|Skills|ThreatTypes|.*Md5List)$/

/** The maker of one column, by name and type; every value fits the table's schema. */
export function columnMaker(column: Column, loose: boolean): ColumnMaker {
  const { name, type } = column
  const named = byName.find(([pattern]) => pattern.test(name))?.[1]
  switch (type) {
    case 'string':
      return named ?? (({ random }) => `${words(name)} ${random.between(1, 400)}`)
    case 'datetime':
      return named && /^Time/.test(name) ? named : ({ random, now }) => isoTime(now - random.between(0, 300) * day)
    case 'bool':
      return loose ? ({ random }) => random.pick(looseBooleans) : ({ random }) => random.chance(0.5)
    case 'int':
      if (name === 'ErrorCode') return named!
      // Flags that Microsoft documents as numbers are 0 or 1.
      return ({ random }) => random.below(/Port$/.test(name) ? 65_536 : /^Is[A-Z]/.test(name) ? 2 : 1000)
    case 'long':
      return ({ random }) => (random.chance(0.1) ? bigDigits(random) : random.next())
    case 'real':
      return ({ random }) => random.below(100) / 10
    case 'dynamic':
      if (/^Issued(To|By)$/.test(name)) return named!
      return scene => scene.random.pick(listColumns.test(name) ? dynamicLists : dynamicValues)(scene)
  }
}

const looseBooleans = [true, false, '0', '1', 0, 1, ''] as const

/** How the service writes "nothing" in a column: null or an empty text, the same for all rows. */
export function emptyValue({ name, type }: Column): Json {
  const textual: readonly ColumnType[] = ['string', 'dynamic']
  return (textual.includes(type) || /Port$/.test(name)) && name.length % 2 === 0 ? '' : null
}

/** `AgentStatus` → `Agent status`. */
function words(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
