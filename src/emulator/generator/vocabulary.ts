import type { Random } from './random.ts'

/** Words of the service (enumerations, technique names) and of the world (domains, agents) that several tables use. */

export const techniques = {
  Execution: [
    'Command and Scripting Interpreter (T1059)',
    'PowerShell (T1059.001)',
    'Windows Command Shell (T1059.003)',
  ],
  Persistence: [
    'Scheduled Task/Job (T1053)',
    'Scheduled Task (T1053.005)',
    'Registry Run Keys / Startup Folder (T1547.001)',
  ],
  CredentialAccess: ['OS Credential Dumping (T1003)', 'LSASS Memory (T1003.001)', 'Brute Force (T1110)'],
  Discovery: ['System Owner/User Discovery (T1033)', 'Domain Account (T1087.002)'],
  InitialAccess: [
    'Phishing (T1566)',
    'Spearphishing Link (T1566.002)',
    'Valid Accounts (T1078)',
    'Cloud Accounts (T1078.004)',
  ],
  LateralMovement: ['Remote Services (T1021)', 'SMB/Windows Admin Shares (T1021.002)'],
  Exfiltration: ['Exfiltration Over Web Service (T1567)'],
  CommandAndControl: ['Application Layer Protocol (T1071)', 'Web Protocols (T1071.001)'],
  Malware: [],
  Ransomware: ['Data Encrypted for Impact (T1486)'],
} as const satisfies Record<string, readonly string[]>

export type Category = keyof typeof techniques

export const alertTitles: Readonly<Record<Category, readonly string[]>> = {
  Execution: ['Suspicious PowerShell command line', "'EncodedCommand' activity by a Microsoft Office process"],
  Persistence: ['Suspicious scheduled task', 'Anomaly detected in ASEP registry'],
  CredentialAccess: ['Sensitive credential memory read', 'Password spray against one account'],
  Discovery: ['Suspicious sequence of exploration activities'],
  InitialAccess: ['A potentially malicious URL click was detected', 'Unfamiliar sign-in properties'],
  LateralMovement: ['Possible lateral movement involving a suspicious file'],
  Exfiltration: ['Mass download by a single user'],
  CommandAndControl: ['Connection to a custom network indicator'],
  Malware: ["'Wacatac' malware was prevented", "'EICAR_Test_File' malware was detected"],
  Ransomware: ['Ransomware behavior detected in the file system'],
}

export const severities = ['Informational', 'Low', 'Medium', 'Medium', 'High', 'High'] as const

export const alertSources: readonly (readonly [service: string, detection: string])[] = [
  ['Microsoft Defender for Endpoint', 'EDR'],
  ['Microsoft Defender for Endpoint', 'Antivirus'],
  ['Microsoft Defender for Office 365', 'Microsoft Defender for Office 365'],
  ['Microsoft Defender for Identity', 'Microsoft Defender for Identity'],
  ['Microsoft Cloud App Security', 'Cloud App Security'],
  ['AAD Identity Protection', 'AAD Identity Protection'],
]

export const threatFamilies = ['Wacatac', 'EICAR_Test_File', 'Mimikatz', 'Qakbot'] as const

export const sites = [
  'login.microsoftonline.com',
  'outlook.office365.com',
  'updates.example',
  'cdn.example.net',
  'api.contoso.example',
  'intranet.contoso.example',
  'downloads.example.org',
] as const

export const badSites = ['bad.example', 'invoice-portal.example.net', 'login-contoso.example.org'] as const

export const userAgents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
  'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.18526; Pro)',
  'python-requests/2.32.3',
  'Go-http-client/2.0',
] as const

export const internetProviders = ['Example Telecom', 'Contoso Backbone', 'North Sea Fibre'] as const

export const clouds = ['Azure', 'Amazon Web Services', 'Google Cloud Platform'] as const

export const subjects = [
  'Invoice 2026-{n}',
  'Minutes of the meeting',
  'Rückfrage zum Angebot {n}',
  'Re: "Q3" numbers & next steps',
  '会議の議事録 {n}',
  'Your parcel is waiting 📦',
  'Password expires today',
] as const

export const cloudApps: readonly (readonly [name: string, id: number])[] = [
  ['Microsoft Exchange Online', 20893],
  ['Microsoft SharePoint Online', 20892],
  ['Microsoft Teams', 28375],
  ['Microsoft 365', 11161],
  ['Microsoft OneDrive for Business', 15600],
  ['GitHub', 12134],
]

/** A public address of the ranges reserved for documentation. */
export function publicIp(random: Random): string {
  return `${random.pick(['203.0.113', '198.51.100', '192.0.2'])}.${random.between(1, 254)}`
}

export function url(random: Random, site: string): string {
  const path = random.pick(['/', '/a', '/files/report.pdf', '/api/v1/items', '/signin'])
  return `https://${site}${path}${random.chance(0.4) ? `?id=${random.below(100_000)}&src=mail` : ''}`
}
