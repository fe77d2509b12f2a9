import { createHmac, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { ApiError, type Call, type Reply } from './reply.ts'
import { Throttle } from './throttle.ts'
import type { Identity } from './token.ts'
import type { VulnerabilityRows } from './vulnerability-rows.ts'

type Row = Readonly<Record<string, unknown>>

const hour = 3_600_000
/** How far back the change feed goes, and how often it is rebuilt. */
const mostDays = 14
const window = 6 * hour

/** What the documents allow of each kind of request. */
const limits = {
  lists: [
    { requests: 100, within: 60_000 },
    { requests: 1500, within: hour },
  ],
  rows: [
    { requests: 30, within: 60_000 },
    { requests: 1000, within: hour },
  ],
  exports: [
    { requests: 5, within: 60_000 },
    { requests: 20, within: hour },
  ],
} as const

/** Defender for Endpoint: the CVE catalogue, machines, and software vulnerabilities by page, as files and as changes. */
export class VulnerabilityApi {
  readonly #rows: VulnerabilityRows
  readonly #key = randomBytes(16)
  readonly #throttles = {
    lists: new Throttle(...limits.lists),
    rows: new Throttle(...limits.rows),
    exports: new Throttle(...limits.exports),
  }

  constructor(rows: VulnerabilityRows) {
    this.#rows = rows
  }

  /** Undefined for a path that is none of the API's. */
  reply(path: string, call: Call, identity: Identity): Reply | undefined {
    const rows = this.#rows
    switch (path.toLowerCase()) {
      case '/vulnerabilities':
        this.#admit(call, identity, 'Vulnerability.Read.All', 'lists')
        return plainPage(call, rows.catalogueSize, 8000, index => rows.vulnerability(index))
      case '/machines':
        this.#admit(call, identity, 'Machine.Read.All', 'lists')
        return plainPage(call, rows.devices.length, 10_000, index => rows.machine(index))
      case '/machines/softwarevulnerabilitiesbymachine':
        this.#admit(call, identity, 'Vulnerability.Read.All', 'rows')
        return this.#tokenPage(call, rows.count, index => rows.row(index))
      case '/machines/softwarevulnerabilitychangesbymachine':
        this.#admit(call, identity, 'Vulnerability.Read.All', 'rows')
        return this.#changes(call)
      case '/machines/softwarevulnerabilitiesexport':
        this.#admit(call, identity, 'Vulnerability.Read.All', 'exports')
        return this.#export(call)
      default:
        return undefined
    }
  }

  #admit({ url, now }: Call, identity: Identity, role: string, kind: keyof typeof limits): void {
    authorise(identity, role)
    this.#throttles[kind].admit(`${url.pathname.toLowerCase()} ${identity.clientId}`, now)
  }

  /** A file of an export; whoever has the address may read it, until it expires. */
  file(name: string, { url, now }: Call): Reply {
    const expires = Number(url.searchParams.get('se'))
    const [, from, to] = /^(\d+)-(\d+)\.json\.gz$/.exec(name) ?? []
    if (to === undefined || url.searchParams.get('sig') !== this.#signature(name, expires) || expires < now) {
      const text = 'Signature not valid in the specified key time frame'
      const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code><Message>${text}</Message></Error>`
      return { status: 403, headers: { 'content-type': 'application/xml' }, body: xml }
    }
    const lines = Readable.from(exportLines(this.#rows, Number(from), Number(to)))
    return { status: 200, headers: { 'content-type': 'application/gzip' }, body: lines.pipe(createGzip({ level: 1 })) }
  }

  #export({ url, now }: Call): Reply {
    const hours = Number(url.searchParams.get('sasValidHours') ?? 1)
    if (!(hours >= 1 && hours <= 6)) throw new ApiError(400, 'InvalidInput', 'sasValidHours must be between 1 and 6.')
    const expires = now + hours * hour
    const exportFiles: string[] = []
    const { rowsOfFile } = this.#rows
    for (let from = 0; from < this.#rows.count; from += rowsOfFile) {
      const name = `${from}-${Math.min(from + rowsOfFile, this.#rows.count)}.json.gz`
      exportFiles.push(`${url.origin}/export/${name}?se=${expires}&sig=${this.#signature(name, expires)}`)
    }
    const generatedTime = new Date(now - (now % window)).toISOString().replace('.000', '')
    return {
      status: 200,
      body: { '@odata.context': `${url.origin}/api/$metadata#ExportFilesResponse`, exportFiles, generatedTime },
    }
  }

  #changes(call: Call): Reply {
    const since = call.url.searchParams.get('sinceTime')
    const from = Date.parse(since ?? '')
    if (Number.isNaN(from)) throw new ApiError(400, 'InvalidInput', "'sinceTime' must be a date in ISO 8601.")
    if (from < call.now - mostDays * 24 * hour) {
      throw new ApiError(400, 'InvalidInput', `'sinceTime' must be within the last ${mostDays} days.`)
    }
    const start = from - (from % window)
    const changes = this.#rows.changes.filter(({ at }) => at >= start)
    return this.#tokenPage(call, changes.length, index => {
      const { row, status, at } = changes[index]!
      return { ...this.#rows.row(row), status, eventTimestamp: new Date(at).toISOString() }
    })
  }

  /** By `pageSize` and a token; `$top` suppresses the next link. */
  #tokenPage({ url }: Call, count: number, row: (index: number) => Row): Reply {
    const size = Math.min(numberOf(url, 'pageSize', numberOf(url, 'pagesize', 50_000)), this.#rows.rowsOfPage)
    const top = numberOf(url, '$top', size)
    const from = Number(Buffer.from(url.searchParams.get('$skiptoken') ?? 'MA', 'base64url').toString())
    if (!Number.isSafeInteger(from)) throw new ApiError(400, 'InvalidInput', 'The skip token is not valid.')
    const to = Math.min(from + Math.min(size, top), count)
    const next = new URL(url)
    next.searchParams.delete('pageSize')
    next.searchParams.set('pagesize', String(size))
    next.searchParams.set('$skiptoken', Buffer.from(String(to)).toString('base64url'))
    const link = to < count && !url.searchParams.has('$top') ? next.href : undefined
    // A page that is repeated is read more than once.
    return { status: 200, body: { [Symbol.asyncIterator]: () => pageText(url, from, to, row, link) } }
  }

  #signature(name: string, expires: number): string {
    return createHmac('sha256', this.#key).update(`${name} ${expires}`).digest('hex')
  }
}

function authorise({ roles }: Identity, role: string): void {
  if (roles.includes(role)) return
  const text = `The application does not have any of the required application permissions (${role}) to access the resource.`
  throw new ApiError(403, 'Forbidden', text)
}

/** By `$top` and `$skip`, without a next link. */
function plainPage({ url }: Call, count: number, most: number, item: (index: number) => Row): Reply {
  const top = numberOf(url, '$top', most)
  if (top > most) throw new ApiError(400, 'ODataError', `The limit of '${most}' for Top query has been exceeded.`)
  const from = Math.min(numberOf(url, '$skip', 0), count)
  const value = Array.from({ length: Math.min(top, count - from) }, (_, index) => item(from + index))
  return { status: 200, body: { '@odata.context': `${url.origin}/api/$metadata`, value } }
}

async function* pageText(url: URL, from: number, to: number, row: (index: number) => Row, link?: string) {
  yield Buffer.from(`{"@odata.context":${JSON.stringify(`${url.origin}/api/$metadata`)},"value":[`)
  for (let start = from; start < to; start += 500) {
    const rows = Array.from({ length: Math.min(500, to - start) }, (_, index) => JSON.stringify(row(start + index)))
    yield Buffer.from(`${start === from ? '' : ','}${rows.join(',')}`)
  }
  yield Buffer.from(`]${link === undefined ? '' : `,"@odata.nextLink":${JSON.stringify(link)}`}}`)
}

/** One object a line, its keys in PascalCase. */
async function* exportLines(rows: VulnerabilityRows, from: number, to: number) {
  for (let start = from; start < to; start += 500) {
    const lines = Array.from({ length: Math.min(500, to - start) }, (_, index) => {
      const entries = Object.entries(rows.row(start + index))
      return `${JSON.stringify(Object.fromEntries(entries.map(([key, value]) => [pascal(key), value])))}\n`
    })
    yield Buffer.from(lines.join(''))
  }
}

function pascal(key: string): string {
  return key.replace(/^os(?=[A-Z])/, 'OS').replace(/^./, first => first.toUpperCase())
}

function numberOf(url: URL, name: string, usual: number): number {
  const text = url.searchParams.get(name)
  if (text === null) return usual
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new ApiError(400, 'InvalidInput', `'${name}' must be a whole number.`)
}
