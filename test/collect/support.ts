import { onTestFinished } from 'vitest'
import type { Api } from '../../src/collect/access/clouds.ts'
import { secretProof } from '../../src/collect/access/proof.ts'
import { requestToken } from '../../src/collect/access/token.ts'
import { createTokenSource } from '../../src/collect/access/token-source.ts'
import { type ApiClient, type ApiSettings, createApiClient } from '../../src/collect/api/client.ts'
import type { Pace } from '../../src/collect/api/pace.ts'
import type { Collector, Page } from '../../src/collect/collector.ts'
import { Secret } from '../../src/core/secret.ts'
import { type Microsoft, type MicrosoftOptions, startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import { app, clientId, secret, tenantId } from '../emulator/microsoft/support.ts'

export const never = new AbortController().signal

/** Time that passes only where someone waits, and then at once. */
export class FastPace implements Pace {
  #now: number
  readonly waits: number[] = []

  constructor(start = Date.now()) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.waits.push(milliseconds)
    this.#now += milliseconds
  }

  random(): number {
    return 0.5
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** A stand-in of Microsoft's APIs and a client of one of them, with one clock. */
export async function connected(
  options: Partial<MicrosoftOptions> & {
    readonly api?: Api
    readonly client?: Partial<ApiSettings>
    /** By the clock of both, in milliseconds. */
    readonly start?: number
  } = {},
): Promise<{ service: Microsoft; api: ApiClient; pace: FastPace }> {
  const { api: which = 'graph', client, start, ...rest } = options
  const pace = new FastPace(start)
  const service = await startMicrosoft({ apps: [app], clock: () => pace.now(), ...rest })
  onTestFinished(() => service.stop())
  const registration = {
    tenantId,
    clientId,
    proof: secretProof(() => new Secret(secret)),
    cloud: 'global' as const,
    tokenUrl: service.tokenUrl(tenantId),
  }
  const tokens = createTokenSource(signal => requestToken(registration, which, signal), pace)
  return { service, pace, api: createApiClient({ api: which, endpoint: service.url, tokens, pace, ...client }) }
}

/** Where a reader of a collector stands: what it was given, and the state that it would go on from. */
export class Reader {
  readonly #collector: Collector
  readonly pages: Page[] = []
  state: string | undefined

  constructor(collector: Collector, state?: string) {
    this.#collector = collector
    this.state = state
  }

  /** One pass; what was handed on before it fails stays. Gives the items of its pages. */
  async pass(until?: string): Promise<Item[]> {
    const first = this.pages.length
    for await (const page of this.#collector.pass(this.state, never, until)) {
      this.pages.push(page)
      this.state = page.state
    }
    return this.pages.slice(first).flatMap(itemsOf)
  }

  get items(): Item[] {
    return this.pages.flatMap(itemsOf)
  }
}

export interface Item {
  readonly id: string
  readonly lastUpdateDateTime: string
  readonly [key: string]: unknown
}

export function itemsOf({ body, items }: Page): Item[] {
  const { value } = JSON.parse(Buffer.from(body).toString()) as { value: Item[] }
  if (value.length !== items) throw new Error(`the page says ${items} items and holds ${value.length}`)
  return value
}

/** Names a version. */
export function versionOf({ id, lastUpdateDateTime }: Pick<Item, 'id' | 'lastUpdateDateTime'>): string {
  return `${id} ${lastUpdateDateTime}`
}
