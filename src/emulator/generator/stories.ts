import { type Account, companyDomain, type Device } from './fleet.ts'
import type { Process } from './processes.ts'
import { type FileOnDisk, fileOnDisk } from './programs.ts'
import type { Stage } from './stage.ts'
import { type Instant, minute } from './time.ts'
import {
  alertSources,
  alertTitles,
  badSites,
  type Category,
  publicIp,
  severities,
  sites,
  subjects,
  techniques,
  url,
} from './vocabulary.ts'

/** What AlertInfo and AlertEvidence tell of together. */
export interface Alert {
  readonly id: string
  readonly category: Category
  readonly title: string
  readonly severity: string
  readonly service: string
  readonly detection: string
  readonly techniques: readonly string[]
  readonly device: Device
  readonly account: Account
  readonly process: Process
  readonly at: Instant
  readonly remoteIp: string
  readonly remoteUrl: string
}

/** What the mail tables tell of together. */
export interface Mail {
  readonly networkMessageId: string
  readonly internetMessageId: string
  readonly from: string
  readonly fromDomain: string
  readonly fromName: string
  /** Empty for senders outside. */
  readonly fromId: string
  readonly senderIp: string
  readonly recipient: Account
  readonly subject: string
  readonly inbound: boolean
  readonly threat: 'Phish' | 'Malware' | 'Spam' | ''
  readonly urls: readonly string[]
  readonly attachments: readonly FileOnDisk[]
  readonly at: Instant
}

/** What the Teams tables tell of together. */
export interface TeamsMessage {
  readonly id: string
  readonly messageId: string
  readonly threadId: string
  readonly sender: Account
  readonly recipient: Account
  readonly external: boolean
  readonly url: string
}

export function createAlert(stage: Stage): Alert {
  const { random, device, account } = stage
  const category = random.pick(Object.keys(techniques) as Category[])
  const [service, detection] = random.pick(alertSources)
  return {
    id: `${random.pick(['da', 'ca', 'fa'])}${random.guid()}_1`,
    category,
    title: random.pick(alertTitles[category]),
    severity: random.pick(severities),
    service,
    detection,
    techniques: techniques[category],
    device,
    account,
    process: stage.tree().any(),
    at: stage.now - random.below(30) * minute,
    remoteIp: publicIp(random),
    remoteUrl: random.pick(badSites),
  }
}

const attachmentNames = ['invoice.pdf', 'Angebot übersicht.docx', 'photos.zip', 'plan.xlsx', 'statement.html'] as const

export function createMail(stage: Stage): Mail {
  const { random } = stage
  const inbound = random.chance(0.7)
  const threat = inbound && random.chance(0.15) ? random.pick(['Phish', 'Malware', 'Spam'] as const) : ''
  const colleague = random.pick(stage.fleet.accounts)
  const fromDomain = inbound ? random.pick(threat ? badSites : ['example.org', 'partner.example']) : companyDomain
  const site = () => (threat ? random.pick(badSites) : random.pick(sites))
  return {
    networkMessageId: random.guid(),
    internetMessageId: `<${random.hex(24).toUpperCase()}@${fromDomain}>`,
    from: inbound ? `${random.pick(['billing', 'info', 'anna.berg', 'noreply'])}@${fromDomain}` : colleague.upn,
    fromDomain,
    fromName: inbound ? random.pick(['Billing', 'Anna Berg', 'No Reply', '']) : colleague.display,
    fromId: inbound ? '' : colleague.objectId,
    senderIp: publicIp(random),
    recipient: stage.account,
    subject: random.pick(subjects).replace('{n}', String(random.between(10, 9999))),
    inbound,
    threat,
    urls: Array.from({ length: random.below(4) }, () => url(random, site())),
    attachments: random.chance(0.4) ? [fileOnDisk('', random.pick(attachmentNames), String(random.below(50)))] : [],
    at: stage.now,
  }
}

export function createTeamsMessage(stage: Stage): TeamsMessage {
  const { random, account } = stage
  const messageId = String(1_770_000_000_000 + random.below(1_000_000_000))
  return {
    id: `19:${random.hex(32)}@thread.v2_${messageId}`,
    messageId,
    threadId: `19:${random.hex(32)}@thread.v2`,
    sender: account,
    recipient: random.pick(stage.fleet.accounts),
    external: random.chance(0.2),
    url: url(random, random.pick([...sites, ...badSites])),
  }
}
