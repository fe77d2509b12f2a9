import type { Columns, Json, Scene } from './scene.ts'
import { day, isoTime } from './time.ts'
import { internetProviders } from './vocabulary.ts'

/** Identity tables send dynamic columns as native objects, with dotted and spaced keys. */

const applications = ['Active Directory', 'Microsoft 365', 'Microsoft Azure', 'Office 365'] as const

export function identityLogonEvents(scene: Scene): Columns {
  const { random, account, device } = scene
  const failed = random.chance(0.2)
  const directory = random.chance(0.6)
  return {
    ActionType: failed ? 'LogonFailed' : 'LogonSuccess',
    Application: directory ? applications[0] : random.pick(applications),
    LogonType: random.pick(['Resource access', 'Credentials validation', 'Interactive', 'Remote desktop']),
    Protocol: directory ? random.pick(['Kerberos', 'Ntlm', 'Ldap']) : 'OAuth2',
    FailureReason: failed ? random.pick(['WrongPassword', 'UnknownUser', 'AccountDisabled']) : random.pick(['', null]),
    ...actorColumns(scene),
    AccountSid: account.sid,
    DeviceType: random.pick(['Desktop', null]),
    OSPlatform: random.pick(['Windows 11', 'Linux', 'macOS', '']),
    DestinationDeviceName: directory ? 'dc-01' : '',
    DestinationIPAddress: directory ? '10.20.0.2' : null,
    DestinationPort: directory ? 88 : '',
    TargetDeviceName: random.chance(0.3) ? random.pick(scene.fleet.devices).name : '',
    TargetAccountDisplayName: random.chance(0.1) ? random.pick(scene.fleet.accounts).display : '',
    Isp: random.pick([null, ...internetProviders]),
    AdditionalFields: targets(scene, { SourceComputerOperatingSystemType: device.os, 'Request ID': random.guid() }),
  }
}

export function identityQueryEvents(scene: Scene): Columns {
  const { random } = scene
  const type = random.pick(['QueryUser', 'QueryGroup', 'EnumerateUsers', 'AllDomains'])
  return {
    ActionType: random.pick(['LDAP query', 'SAMR query', 'DNS query']),
    Application: applications[0],
    QueryType: type,
    QueryTarget: type === 'QueryGroup' ? 'Domain Admins' : random.pick(scene.fleet.accounts).name,
    Query: type === 'QueryGroup' ? '(&(objectClass=group)(cn=Domain Admins))' : '',
    Protocol: random.pick(['Ldap', 'Samr', 'Dns']),
    ...actorColumns(scene),
    AccountSid: scene.account.sid,
    DestinationDeviceName: 'dc-01',
    DestinationIPAddress: '10.20.0.2',
    DestinationPort: random.pick([389, 445, 53]),
    AdditionalFields: targets(scene, { Count: String(random.between(1, 40)) }),
  }
}

const directoryActions = [
  'Group Membership changed',
  'Account Password changed',
  'Account Enabled changed',
  'SMB session',
] as const

export function identityDirectoryEvents(scene: Scene): Columns {
  const { random } = scene
  const target = random.pick(scene.fleet.accounts)
  return {
    ActionType: random.pick(directoryActions),
    Application: applications[0],
    TargetAccountUpn: target.upn,
    TargetAccountDisplayName: target.display,
    ...actorColumns(scene),
    AccountSid: scene.account.sid,
    Protocol: random.pick(['', 'Smb', null]),
    AdditionalFields: targets(scene, { 'TO.ACCOUNT': target.display, 'ARG.CLOUD_SERVICE': 'Active Directory' }),
  }
}

export function identityInfo(scene: Scene): Columns {
  const { random, account } = scene
  return {
    ReportId: random.guid(),
    AccountObjectId: account.objectId,
    AccountUpn: account.upn,
    OnPremSid: account.sid,
    AccountDisplayName: account.display,
    AccountName: account.name,
    AccountDomain: account.domain,
    Type: 'User',
    DistinguishedName: `CN=${account.display},OU=${account.department},DC=contoso,DC=example`,
    CloudSid: `S-1-12-1-${random.next()}-${random.next()}-${random.next()}-${random.next()}`,
    GivenName: account.given,
    Surname: account.surname,
    Department: account.department,
    JobTitle: account.title,
    EmailAddress: account.upn,
    City: account.place.city,
    Country: account.place.country,
    State: account.place.state,
    IsAccountEnabled: random.pick([true, '1', 1, '0', '']),
    Manager: random.pick(scene.fleet.accounts).display,
    CreatedDateTime: isoTime(scene.now - random.between(30, 2000) * day),
    ChangeSource: random.pick(['AAD', 'System-UserPersistence', '']),
    Tags: random.chance(0.2) ? ['Sensitive'] : [],
    AssignedRoles: random.chance(0.1) ? ['Security Reader', 'Global Reader'] : [],
    TenantId: scene.fleet.tenantId,
    SourceProviders: ['ActiveDirectory', 'AzureActiveDirectory'],
  }
}

function actorColumns({ random, account, device }: Scene): Columns {
  return {
    AccountName: account.name,
    AccountDomain: account.domain.toLowerCase(),
    AccountUpn: account.upn,
    AccountObjectId: account.objectId,
    AccountDisplayName: account.display,
    DeviceName: device.host.toUpperCase(),
    IPAddress: device.ip,
    Port: random.pick([random.between(1024, 65_535), '', null]),
    Location: random.pick([account.place.code, '']),
    ReportId: random.guid(),
  }
}

function targets({ random, fleet, device }: Scene, more: Record<string, Json>): Json {
  return {
    'FROM.DEVICE': device.host,
    'TO.DEVICE': random.pick(fleet.devices).host,
    'ACTOR.ACCOUNT': device.owner.display,
    AttackTechniques: random.chance(0.2) ? 'Account Manipulation (T1098), Valid Accounts (T1078)' : '',
    ...more,
  }
}
