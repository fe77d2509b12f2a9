import type { MicrosoftApp } from '../emulator/microsoft.ts'
import { type Held, type HeldItems, pairOf } from './collections.ts'

type Item = Readonly<Record<string, unknown>> & { readonly id: string; readonly lastUpdateDateTime: string }

const scopes = {
  graph: 'https://graph.microsoft.com/.default',
  defender: 'https://api.securitycenter.microsoft.com/.default',
}

/** Everything that the APIs hold now, by collection: read here by plain means, not by the code under test. */
export async function heldBy(app: MicrosoftApp): Promise<HeldItems> {
  const graph = await reader(app, 'graph')
  const defender = await reader(app, 'defender')
  const alerts = await graph('/v1.0/security/alerts_v2?$top=1000')
  const incidents = await graph('/v1.0/security/incidents?$top=50&$expand=alerts')
  const rows = await defender('/api/machines/SoftwareVulnerabilitiesByMachine?pageSize=10000')
  return {
    alert: alerts.map(({ id, lastUpdateDateTime: time }) => ({ id, version: `${id} ${Date.parse(time)}` })),
    incident: incidents.flatMap(pairsOf),
    // A row has no version of its own, and is delivered once for each snapshot.
    vulnerability: rows.map(({ id }) => ({ id, version: id })),
  }
}

function pairsOf(incident: Item): Held[] {
  const parent = { id: incident.id, time: incident.lastUpdateDateTime }
  const alerts = (incident.alerts as readonly Item[]).map(({ id, lastUpdateDateTime: time }) => ({ id, time }))
  return (alerts.length > 0 ? alerts : [{ id: undefined, time: undefined }]).map(alert => pairOf(parent, alert))
}

/** Reads a collection page by page. */
async function reader(app: MicrosoftApp, api: keyof typeof scopes): Promise<(path: string) => Promise<Item[]>> {
  const form = { client_id: app.clientId, client_secret: app.clientSecret, scope: scopes[api] }
  const body = new URLSearchParams({ ...form, grant_type: 'client_credentials' })
  const { access_token: token } = (await json(await fetch(app.tokenUrl, { method: 'POST', body }))) as {
    access_token: string
  }
  return async path => {
    const items: Item[] = []
    for (let next: string | undefined = `${app.url}${path}`; next !== undefined; ) {
      const answer = await fetch(next, { headers: { authorization: `Bearer ${token}` } })
      const page = (await json(answer)) as { value: Item[]; '@odata.nextLink'?: string }
      items.push(...page.value)
      next = page['@odata.nextLink']
    }
    return items
  }
}

async function json(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`${answer.url} answered with status ${answer.status}`)
  return answer.json()
}
