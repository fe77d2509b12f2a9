import { programs } from './programs.ts'
import type { Columns, Scene } from './scene.ts'
import { day, hour, isoTime } from './time.ts'

/** Device tables that describe a state: snapshots of devices, adapters, certificates, software. */

export function deviceInfo(scene: Scene): Columns {
  const { random, device } = scene
  const owner = device.owner
  return {
    ClientVersion: device.os === 'windows' ? '10.8760.22621.4317' : '101.24112.0001',
    PublicIP: random.chance(0.9) ? device.publicIp : '',
    OSArchitecture: device.architecture,
    OSPlatform: device.platform,
    OSBuild: device.build || null,
    OSVersion: device.version,
    OSDistribution: device.distribution,
    OSVersionInfo: device.os === 'windows' ? '23H2' : '',
    IsAzureADJoined: random.pick([true, false, 1, 0, null]),
    JoinType: device.server ? 'Domain Joined' : 'AAD Joined',
    AadDeviceId: device.server ? '' : device.aadId,
    LoggedOnUsers: JSON.stringify([{ UserName: owner.name, DomainName: owner.domain, Sid: owner.sid }]),
    OnboardingStatus: random.chance(0.9) ? 'Onboarded' : 'Can be onboarded',
    DeviceCategory: 'Endpoint',
    DeviceType: device.server ? 'Server' : 'Workstation',
    DeviceSubtype: device.server ? '' : random.pick(['Laptop', 'Desktop', '']),
    Model: device.server ? 'Virtual Machine' : 'Latitude 7440',
    Vendor: device.server ? 'Microsoft Corporation' : 'Dell Inc.',
    SensorHealthState: random.chance(0.9) ? 'Active' : 'Inactive',
    ExposureLevel: random.pick(['Low', 'Medium', 'High']),
    AssetValue: random.pick(['Normal', 'High', '']),
    IsInternetFacing: random.chance(0.03),
    IsExcluded: random.chance(0.02),
    DeviceManualTags: JSON.stringify(random.chance(0.2) ? ['finance', 'vip'] : []),
    DeviceDynamicTags: random.chance(0.2) ? '["Windows clients"]' : '',
    CloudPlatforms: device.server ? '["Azure"]' : '',
    AzureResourceId: device.server
      ? `/subscriptions/${random.guid()}/resourceGroups/prod/providers/Microsoft.Compute/virtualMachines/${device.host}`
      : '',
    IsTransient: random.pick([false, null]),
  }
}

export function deviceNetworkInfo(scene: Scene): Columns {
  const { random, device } = scene
  const up = random.chance(0.85)
  const addresses = [
    { IPAddress: device.ip, SubnetPrefix: 22, AddressType: 'Private' },
    { IPAddress: device.ip6, SubnetPrefix: 64, AddressType: 'Public' },
  ]
  const networks = [
    { Name: 'contoso.example', Description: 'contoso.example', IsConnectedToInternet: true, Category: 'Domain' },
  ]
  return {
    NetworkAdapterName: random.chance(0.8) ? `{${random.guid().toUpperCase()}}` : 'eth0',
    MacAddress: device.mac,
    NetworkAdapterType: random.pick(['Ethernet', 'Wireless80211', 'Tunnel']),
    NetworkAdapterStatus: up ? 'Up' : random.pick(['Down', 'Dormant']),
    TunnelType: random.pick(['None', 'None', 'Teredo']),
    ConnectedNetworks: up ? JSON.stringify(networks) : '',
    DnsAddresses: up ? '["10.20.0.2","10.20.0.3"]' : '[]',
    IPv4Dhcp: random.pick(['10.20.0.2', '', null]),
    IPv6Dhcp: random.pick(['2001:db8::2', '', null, null]),
    DefaultGateways: up ? '["10.20.0.1"]' : '[]',
    IPAddresses: JSON.stringify(up ? addresses : []),
    NetworkAdapterVendor: random.pick(['Intel Corporate', 'Microsoft', '']),
    OnboardingStatus: 'Onboarded',
    NetworkAdapterDnsSuffix: up ? 'contoso.example' : '',
  }
}

const signers = [
  ['Microsoft Windows', 'Microsoft Windows Production PCA 2011'],
  ['Google LLC', 'DigiCert Trusted G4 Code Signing RSA4096 SHA384 2021 CA1'],
  ['Contoso Ltd', 'Contoso Issuing CA 2'],
] as const

export function deviceFileCertificateInfo(scene: Scene): Columns {
  scene.deviceWith('windows')
  const { random } = scene
  const program = random.pick([...programs.windows.values()])
  const signed = random.chance(0.9)
  const [signer, issuer] = random.pick(signers)
  const created = scene.now - random.between(100, 900) * day
  return {
    SHA1: program.sha1,
    IsSigned: signed,
    SignatureType: signed ? random.pick(['Embedded', 'Catalog']) : 'Unknown',
    Signer: signed ? signer : '',
    SignerHash: signed ? program.sha1.split('').reverse().join('') : '',
    Issuer: signed ? issuer : '',
    IssuerHash: signed ? program.sha256.slice(0, 40) : '',
    CertificateSerialNumber: signed ? random.hex(38) : '',
    CrlDistributionPointUrls: signed ? '["http://crl.example/pca2011.crl"]' : '',
    CertificateCreationTime: signed ? isoTime(created) : null,
    CertificateExpirationTime: signed ? isoTime(created + 1100 * day) : null,
    CertificateCountersignatureTime: signed ? isoTime(created + 7 * hour) : null,
    IsTrusted: signed && random.chance(0.97),
    IsRootSignerMicrosoft: signer.startsWith('Microsoft'),
  }
}

const software = [
  ['google', 'chrome', '133.0.6943.98', 'CVE-2026-10001', 'High'],
  ['microsoft', 'office', '16.0.18429.20132', 'CVE-2026-10017', 'Critical'],
  ['openssl', 'openssl', '3.0.15', 'CVE-2026-10102', 'Medium'],
  ['examplesoft', 'exampleapp', '4.2.0.1', '', ''],
] as const

/** Software of a device; the name and vendor columns of several vulnerability tables. */
export function softwareVulnerabilities(scene: Scene): Columns {
  const { random, device } = scene
  const [vendor, name, version, cve, severity] = random.pick(software)
  return {
    OSPlatform: device.platform,
    OSVersion: `10.0.${device.build || 1}.3007`,
    OSArchitecture: 'x64',
    SoftwareVendor: vendor,
    SoftwareName: name,
    SoftwareVersion: version,
    CveId: cve,
    VulnerabilitySeverityLevel: severity,
    RecommendedSecurityUpdate: cve ? 'February 2026 Security Updates' : '',
    RecommendedSecurityUpdateId: cve ? '5060001' : '',
    CveTags: cve ? ['ZeroDay'] : [],
  }
}
