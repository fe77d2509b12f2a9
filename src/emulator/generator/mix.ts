import { XdrelayError } from '../../core/errors.ts'
import type { Random } from './random.ts'
import { documentedTables } from './tables.ts'

/** Which tables to produce, and how often compared with each other. */
export type Mix = Readonly<Record<string, number>>

/** Roughly what a tenant sends, per thousand records; tables that are not listed count 1. */
const usual: Mix = {
  DeviceNetworkEvents: 230,
  DeviceProcessEvents: 185,
  DeviceFileEvents: 145,
  DeviceEvents: 135,
  DeviceImageLoadEvents: 55,
  DeviceRegistryEvents: 50,
  DeviceLogonEvents: 30,
  CloudAppEvents: 22,
  IdentityLogonEvents: 18,
  DeviceFileCertificateInfo: 12,
  EmailEvents: 12,
  DeviceNetworkInfo: 10,
  EmailUrlInfo: 10,
  DeviceInfo: 8,
  IdentityQueryEvents: 7,
  EntraIdSignInEvents: 6,
  EmailAttachmentInfo: 5,
  GraphAPIAuditEvents: 5,
  IdentityDirectoryEvents: 4,
  AlertEvidence: 3,
  UrlClickEvents: 3,
  EmailPostDeliveryEvents: 2,
}

const deckSize = 1000

/** @throws XdrelayError `usage` for an unknown table, a weight that is not positive, or no table at all. */
export function resolveMix(tables: readonly string[] | Mix | undefined): Mix {
  const known = documentedTables()
  if (tables === undefined) return Object.fromEntries([...known.keys()].map(name => [name, usual[name] ?? 1]))
  const weights = isList(tables) ? tables.map((name): [string, number] => [name, 1]) : Object.entries(tables)
  if (weights.length === 0) throw new XdrelayError('usage', 'no table to generate')
  return Object.fromEntries(
    weights.map(([name, weight]) => {
      const table = known.get(name)
      if (!table) throw new XdrelayError('usage', `unknown table "${name}"`, { facts: { table: name } })
      if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
        throw new XdrelayError('usage', `the weight of ${name} is not a positive number`, { facts: { table: name } })
      }
      return [table.name, weight]
    }),
  )
}

function isList(tables: readonly string[] | Mix): tables is readonly string[] {
  return Array.isArray(tables)
}

/** Deals table names: about a thousand cards in the proportions of the mix, at least one each, shuffled every round. */
export class Deck {
  readonly #random: Random
  readonly #cards: string[]
  #next = 0

  constructor(mix: Mix, random: Random) {
    const total = Object.values(mix).reduce((sum, weight) => sum + weight, 0)
    this.#random = random
    this.#cards = Object.entries(mix).flatMap(([name, weight]) =>
      Array<string>(Math.max(1, Math.round((weight / total) * deckSize))).fill(name),
    )
  }

  deal(): string {
    if (this.#next === 0) this.#random.shuffle(this.#cards)
    const card = this.#cards[this.#next]!
    this.#next = (this.#next + 1) % this.#cards.length
    return card
  }
}
