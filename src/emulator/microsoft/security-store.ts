import { createFleet, type Fleet } from '../generator/fleet.ts'
import { Random } from '../generator/random.ts'
import { alertTitles, type Category, techniques, threatFamilies } from '../generator/vocabulary.ts'
import { evidenceKinds, evidenceOf } from './evidence.ts'

export type Item = Record<string, unknown> & { readonly id: string; lastUpdateDateTime: string }

const portal = 'https://security.microsoft.com'
const services: readonly (readonly [service: string, detection: string, product: string])[] = [
  ['microsoftDefenderForEndpoint', 'antivirus', 'Microsoft Defender for Endpoint'],
  ['microsoftDefenderForEndpoint', 'customDetection', 'Microsoft Defender for Endpoint'],
  ['microsoftDefenderForOffice365', 'microsoftDefenderForOffice365', 'Microsoft Defender for Office 365'],
  ['microsoftDefenderForIdentity', 'microsoftDefenderForIdentity', 'Microsoft Defender for Identity'],
  ['microsoftSentinel', 'scheduledAlerts', 'Microsoft Sentinel'],
]

/** The alerts and incidents of a tenant. Same seed and same calls, same items. Only the current version of each is kept. */
export class SecurityStore {
  readonly alerts = new Map<string, Item>()
  readonly incidents = new Map<string, Item>()
  readonly #random: Random
  readonly #fleet: Fleet
  readonly #tenantId: string
  readonly #digits: number | undefined

  constructor(tenantId: string, seed: string, digits?: number) {
    this.#digits = digits
    this.#tenantId = tenantId
    this.#random = new Random(seed)
    this.#fleet = createFleet(this.#random, { devices: 40, accounts: 30 }, tenantId)
  }

  /** New alerts, one to five of them in each new incident. `now` in milliseconds. */
  add(alerts: number, now: number): void {
    for (let left = alerts; left > 0; ) {
      const size = Math.min(left, this.#random.between(1, 5))
      const incident = this.#incident(now)
      this.incidents.set(incident.id, incident)
      for (let index = 0; index < size; index++) {
        const alert = this.#alert(incident.id, now)
        this.alerts.set(alert.id, alert)
      }
      left -= size
    }
  }

  /** An analyst works on some of the alerts. */
  change(count: number, now: number): void {
    const ids = [...this.alerts.keys()]
    for (let index = 0; index < count && ids.length > 0; index++) this.update(this.#random.pick(ids), now)
  }

  /** An analyst works on an alert, which also counts as an update of its incident. */
  update(id: string, now: number): void {
    const alert = this.alerts.get(id)!
    this.#touch(this.alerts, alert, now)
    const incident = this.incidents.get(String(alert.incidentId))
    if (incident) this.#touch(this.incidents, incident, now)
  }

  /** With the alerts inside, as `$expand=alerts` gives it. */
  expanded(incident: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const alerts = [...this.alerts.values()].filter(({ incidentId }) => incidentId === incident.id)
    return { ...incident, 'alerts@odata.context': `${portal}/$metadata#alerts`, alerts }
  }

  #touch(items: Map<string, Item>, item: Item, now: number): void {
    const status = this.#random.pick(['new', 'inProgress', 'resolved'])
    const comment = {
      comment: `Note ${this.#random.hex(4)}`,
      createdByDisplayName: 'Analyst',
      createdDateTime: this.#date(now),
    }
    items.set(item.id, {
      ...item,
      status: items === this.incidents && status === 'new' ? 'active' : status,
      assignedTo: this.#random.pick(['mara@contoso.example', 'jonas', null]),
      comments: [...(item.comments as object[]), comment].slice(-5),
      resolvedDateTime: status === 'resolved' ? this.#date(now) : null,
      lastUpdateDateTime: this.#date(now),
    })
  }

  #incident(now: number): Item {
    const random = this.#random
    const id = String(4000 + this.incidents.size)
    return {
      id,
      tenantId: this.#tenantId,
      status: 'active',
      incidentWebUrl: `${portal}/incidents/${id}?tid=${this.#tenantId}`,
      redirectIncidentId: null,
      displayName: 'Multi-stage incident on one endpoint',
      description: null,
      summary: null,
      createdDateTime: this.#date(now - random.between(60_000, 3_600_000)),
      lastUpdateDateTime: this.#date(now),
      lastModifiedBy: 'Microsoft 365 Defender-AlertCorrelation',
      assignedTo: null,
      classification: 'unknown',
      determination: random.pick(['unknown', 'malware', 'phishing', 'apt']),
      severity: random.pick(['low', 'medium', 'high', 'critical']),
      customTags: random.chance(0.2) ? ['vip'] : [],
      systemTags: [],
      resolvingComment: null,
      comments: [],
    }
  }

  #alert(incidentId: string, now: number): Item {
    const random = this.#random
    const category = random.pick(Object.keys(techniques) as Category[])
    const [service, detection, product] = random.pick(services)
    const provider = `${random.guid()}_1`
    const id = `da${provider}`
    const started = this.#date(now - random.between(600_000, 7_200_000))
    const seen = this.#date(now - random.between(1000, 600_000))
    return {
      id,
      providerAlertId: provider,
      incidentId,
      status: 'new',
      severity: random.pick(['informational', 'low', 'medium', 'high']),
      classification: null,
      determination: random.pick([null, 'malware', 'apt', 'phishing', 'maliciousUserActivity']),
      serviceSource: service,
      detectionSource: detection,
      productName: product,
      detectorId: random.guid(),
      alertPolicyId: null,
      tenantId: this.#tenantId,
      title: random.pick(alertTitles[category]),
      description: 'A process behaved as malware does.\nLook at its parent.',
      recommendedActions: 'Isolate the device.\nCollect an investigation package.',
      category,
      assignedTo: null,
      alertWebUrl: `${portal}/alerts/${id}?tid=${this.#tenantId}`,
      incidentWebUrl: `${portal}/incidents/${incidentId}?tid=${this.#tenantId}`,
      actorDisplayName: null,
      threatDisplayName: random.chance(0.3) ? `Trojan:Win32/${random.pick(threatFamilies)}` : null,
      threatFamilyName: random.chance(0.3) ? random.pick(threatFamilies) : null,
      mitreTechniques: techniques[category].map(text => /\((.*)\)$/.exec(text)![1]!),
      createdDateTime: seen,
      lastUpdateDateTime: this.#date(now),
      resolvedDateTime: null,
      firstActivityDateTime: started,
      lastActivityDateTime: seen,
      systemTags: [],
      additionalData: random.chance(0.2) ? { 'Rule.Id': random.guid(), hits: random.below(90) } : null,
      customDetails: random.chance(0.2) ? { Owner: 'finance' } : null,
      comments: [],
      evidence: this.#evidence(seen, started),
    }
  }

  #evidence(seen: string, started: string): object[] {
    const random = this.#random
    const scene = {
      random,
      fleet: this.#fleet,
      device: random.pick(this.#fleet.devices),
      account: random.pick(this.#fleet.accounts),
      seen,
      started,
    }
    const kinds = random.shuffle([...evidenceKinds]).slice(0, random.between(1, 6))
    return kinds.map(kind => evidenceOf(kind, scene))
  }

  /** With as many digits as the service happens to send, from none to seven. */
  #date(milliseconds: number): string {
    const text = new Date(milliseconds).toISOString()
    const digits = this.#digits ?? this.#random.below(8)
    if (digits === 0) return `${text.slice(0, 19)}Z`
    return `${text.slice(0, 23)}${this.#random.next()}0000`.slice(0, 20 + Math.max(3, digits)).concat('Z')
  }
}
