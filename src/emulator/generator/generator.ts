import { type BrokenMessage, brokenMessages } from './broken.ts'
import { Deck, type Mix, resolveMix } from './mix.ts'
import { MessagePacker } from './pack.ts'
import { Random } from './random.ts'
import { Rows } from './rows.ts'
import { Scene } from './scene.ts'
import { documentedTables } from './tables.ts'
import { isoTime, minute, second } from './time.ts'

export interface GeneratorOptions {
  /** Same seed (and same other options), same bytes. */
  readonly seed: number | string
  /** A list for equal shares, or weights by table; the usual mix of all tables when absent. */
  readonly tables?: readonly string[] | Mix
  /** Time of the first record; fixed by default, so that two runs are alike. */
  readonly start?: Date
  /** 100 when absent; fewer where the message would grow beyond `maxBodyBytes`. */
  readonly recordsPerMessage?: number
  readonly tenantId?: string
  /** Dynamic columns as objects and lists in every table, and not only where the service does so. */
  readonly native?: boolean
}

export interface GeneratedRecord {
  /** JSON text of the record, envelope included; one line. */
  readonly text: string
  readonly table: string
  /** Absent for tables without a device. */
  readonly deviceId?: string
}

export interface GeneratedMessage {
  /** UTF-8 of `{"records":[…]}`, at most `maxBodyBytes`. */
  readonly body: Uint8Array
  readonly records: number
  /** The table of each record, in order. */
  readonly tables: readonly string[]
}

/** An endless stream of Defender records as the Streaming API sends them. */
export interface Generator {
  readonly tenantId: string
  /** Never empty; at most `maxRecords`, or `recordsPerMessage`. */
  nextMessage(maxRecords?: number): GeneratedMessage
  nextRecord(): string
  next(): GeneratedRecord
  /** Deliberately broken messages, the same for every generator; see `BrokenMessage`. */
  brokenMessages(): readonly BrokenMessage[]
}

const defaultStart = new Date('2026-03-02T08:00:00Z')

/** @throws XdrelayError `usage` for unknown tables and bad weights. */
export function createGenerator(options: GeneratorOptions): Generator {
  return new DefenderGenerator(options)
}

class DefenderGenerator implements Generator {
  readonly #scene: Scene
  readonly #deck: Deck
  /** For what is not part of the story: clocks of the service, order of keys. */
  readonly #envelope: Random
  readonly #rows = new Map<string, Rows>()
  readonly #packer = new MessagePacker()
  readonly #recordsPerMessage: number
  readonly #native: boolean
  /** Did not fit in the last message. */
  #held: GeneratedRecord | undefined

  constructor(options: GeneratorOptions) {
    const { seed, start = defaultStart, tenantId } = options
    const micros = start.getTime() * 1000
    this.#scene = new Scene({ seed, start: micros, ...(tenantId === undefined ? {} : { tenantId }) })
    this.#deck = new Deck(resolveMix(options.tables), new Random(`${seed}/mix`))
    this.#envelope = new Random(`${seed}/envelope`)
    this.#recordsPerMessage = options.recordsPerMessage ?? 100
    this.#native = options.native ?? false
  }

  get tenantId(): string {
    return this.#scene.fleet.tenantId
  }

  nextMessage(maxRecords = this.#recordsPerMessage): GeneratedMessage {
    const tables: string[] = []
    do {
      const record = this.next()
      if (!this.#packer.add(record.text)) {
        this.#held = record
        break
      }
      tables.push(record.table)
    } while (tables.length < maxRecords)
    return { body: this.#packer.take(), records: tables.length, tables }
  }

  nextRecord(): string {
    return this.next().text
  }

  next(): GeneratedRecord {
    const held = this.#held
    this.#held = undefined
    return held ?? this.#create()
  }

  brokenMessages(): readonly BrokenMessage[] {
    return brokenMessages()
  }

  #create(): GeneratedRecord {
    const table = this.#deck.deal()
    this.#scene.turn()
    const rows = this.#rowsOf(table)
    const text = this.#wrap(table, rows.next(this.#scene))
    return rows.tellsDevice ? { text, table, deviceId: this.#scene.device.id } : { text, table }
  }

  #rowsOf(table: string): Rows {
    let rows = this.#rows.get(table)
    if (!rows) {
      rows = new Rows(documentedTables().get(table)!, this.#native)
      this.#rows.set(table, rows)
    }
    return rows
  }

  /** The envelope. The service's clocks lag, keys come in any order, and the receive clock has its quirks. */
  #wrap(table: string, properties: string): string {
    const random = this.#envelope
    const receivedAt = this.#scene.now + random.between(20, 90) * second
    const time = isoTime(receivedAt + random.between(1, 4) * minute)
    const quirk = random.below(50)
    const received =
      quirk === 0 ? '' : `,"_TimeReceivedBySvc":"${isoTime(receivedAt).slice(0, quirk < 4 ? -1 : undefined)}"`
    const head = `"tenantId":"${this.tenantId}","operationName":"Publish","category":"AdvancedHunting-${table}"`
    return random.chance(0.1)
      ? `{${head},"properties":${properties},"Tenant":"DefaultTenant"${received},"time":"${time}"}`
      : `{"time":"${time}",${head}${received},"Tenant":"DefaultTenant","properties":${properties}}`
  }
}
