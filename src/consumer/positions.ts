import { XdrelayError } from '../core/errors.ts'
import type { CheckpointOutcome, Cursor, Positions } from '../core/types.ts'
import type { BlobEntry, Blobs } from '../storage/blobs.ts'

/** A stored position with what is needed to change it safely. */
interface Stored {
  readonly cursor: Cursor
  readonly etag: string
}

export interface StoredCheckpoint extends Stored {
  readonly partitionId: string
  /** Who wrote it; empty when another program did. */
  readonly ownerId: string
  readonly lastModified: number
}

/**
 * Checkpoints, and the positions of outputs that lag behind them, as blobs. Names and keys of the checkpoints are those
 * of every Azure SDK, so that KEDA and others read them; lane positions stand beside, where nobody else looks.
 */
export class PositionStore {
  readonly #blobs: Blobs
  readonly #prefix: string
  readonly #owner: string
  /** Asked between reading a blob and writing it: whether the partition is still ours by the store's word. */
  readonly #confirm: (partitionId: string) => Promise<boolean>
  /** What was read or written last, by blob name: saves a read per write, and is safe because writes are conditional. */
  #known = new Map<string, Stored>()
  /** How often the positions of a partition were removed: what was to be written before says nothing any more. */
  #resets = new Map<string, number>()

  constructor(blobs: Blobs, prefix: string, owner: string, confirm: (partitionId: string) => Promise<boolean>) {
    this.#blobs = blobs
    this.#prefix = prefix
    this.#owner = owner
    this.#confirm = confirm
  }

  async read(partitionId: string): Promise<Positions> {
    const [checkpoint, lanes] = await Promise.all([
      this.#read(this.#checkpointName(partitionId)),
      this.#blobs.list(`${this.#prefix}lane/`),
    ])
    const positions = lanes.entries.flatMap(entry => {
      const [output, partition] = entry.name.slice(`${this.#prefix}lane/`.length).split('/')
      return partition === partitionId ? [[decodeURIComponent(output ?? ''), stored(entry).cursor] as const] : []
    })
    return { checkpoint: checkpoint?.cursor, lanes: new Map(positions) }
  }

  /** All checkpoints; those that cannot be read are left out (B7) and given to `damaged`. */
  async list(damaged: (name: string) => void = () => {}): Promise<StoredCheckpoint[]> {
    const prefix = this.#checkpointName('')
    const { entries } = await this.#blobs.list(prefix)
    return entries.flatMap(entry => {
      try {
        const { cursor, etag } = stored(entry)
        const partitionId = entry.name.slice(prefix.length)
        const { lastModified, metadata } = entry
        return [{ cursor, etag, partitionId, lastModified, ownerId: metadata.ownerid ?? '' }]
      } catch {
        damaged(entry.name)
        return []
      }
    })
  }

  /**
   * Writes the checkpoint of a newly claimed partition once more as it is. That changes its etag, so a write of the
   * previous owner that is still under way cannot succeed any more: fencing proper, not only by the look of things.
   */
  async fence(partitionId: string): Promise<void> {
    const name = this.#checkpointName(partitionId)
    for (let attempt = 0; attempt < 5; attempt++) {
      this.#known.delete(name)
      const before = await this.#read(name)
      if (before === undefined) return
      const written = await this.#blobs.update(name, this.#metadata(before.cursor), before.etag)
      if (typeof written !== 'object') continue
      this.#known.set(name, { cursor: before.cursor, etag: written.etag })
      return
    }
    throw contended(name)
  }

  checkpoint(partitionId: string, cursor: Cursor): Promise<CheckpointOutcome> {
    return this.#write(this.#checkpointName(partitionId), partitionId, cursor)
  }

  saveLane(output: string, partitionId: string, cursor: Cursor): Promise<CheckpointOutcome> {
    return this.#write(this.#laneName(output, partitionId), partitionId, cursor)
  }

  async clearLane(output: string, partitionId: string): Promise<void> {
    const name = this.#laneName(output, partitionId)
    if (!(await this.#confirm(partitionId))) return
    this.#known.delete(name)
    await this.#blobs.remove(name)
  }

  /** Removes all positions of a partition whose event hub was made anew: they say nothing about its messages (B9). */
  async reset(partitionId: string): Promise<void> {
    if (!(await this.#confirm(partitionId))) return
    const { lanes } = await this.read(partitionId)
    const names = [...lanes.keys()].map(output => this.#laneName(output, partitionId))
    this.forget(partitionId)
    this.#resets.set(partitionId, (this.#resets.get(partitionId) ?? 0) + 1)
    await Promise.all([this.#checkpointName(partitionId), ...names].map(name => this.#blobs.remove(name)))
  }

  forget(partitionId: string): void {
    for (const name of this.#known.keys()) if (name.endsWith(`/${partitionId}`)) this.#known.delete(name)
  }

  /**
   * Read, compare, write if unchanged (hazard H3). The order makes it safe: the etag is older than the answer about
   * the ownership, and whoever takes the partition over changes the etag before it reads the position.
   */
  async #write(name: string, partitionId: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const resets = this.#resets.get(partitionId)
    for (let attempt = 0; attempt < 5; attempt++) {
      const before = this.#known.get(name) ?? (await this.#read(name))
      if (this.#resets.get(partitionId) !== resets) return 'stale'
      if (before && before.cursor.sequenceNumber > cursor.sequenceNumber) return 'stale'
      if (!(await this.#confirm(partitionId))) return 'stale'
      // A repeated write whose first answer got lost.
      if (before?.cursor.sequenceNumber === cursor.sequenceNumber) return 'written'
      const metadata = this.#metadata(cursor)
      const written = before
        ? await this.#blobs.update(name, metadata, before.etag)
        : await this.#blobs.create(name, metadata)
      if (typeof written === 'object') {
        this.#known.set(name, { cursor, etag: written.etag })
        return 'written'
      }
      this.#known.delete(name)
    }
    throw contended(name)
  }

  async #read(name: string): Promise<Stored | undefined> {
    const entry = await this.#blobs.head(name)
    if (entry === undefined) return undefined
    const found = stored(entry)
    this.#known.set(name, found)
    return found
  }

  #metadata({ sequenceNumber, offset }: Cursor): Record<string, string> {
    return { sequencenumber: String(sequenceNumber), offset, ownerid: this.#owner }
  }

  #checkpointName(partitionId: string): string {
    return `${this.#prefix}checkpoint/${partitionId}`
  }

  #laneName(output: string, partitionId: string): string {
    return `${this.#prefix}lane/${encodeURIComponent(output)}/${partitionId}`
  }
}

/** Where reading has to begin so that every output gets what it lacks; undefined means at the start. */
export function lowest({ checkpoint, lanes }: Positions): Cursor | undefined {
  if (!checkpoint) return undefined
  return [...lanes.values()].reduce((low, each) => (each.sequenceNumber < low.sequenceNumber ? each : low), checkpoint)
}

/** Throws when the metadata cannot be a position: a wrong guess would skip or repeat without a word. */
function stored({ name, metadata, etag }: BlobEntry): Stored {
  const { sequencenumber, offset } = metadata
  if (offset === undefined || offset === '' || !/^-?\d{1,16}$/.test(sequencenumber ?? ''))
    throw new XdrelayError(
      'checkpoint_unreadable',
      `the blob \`${name}\` is not a checkpoint: sequencenumber is \`${sequencenumber ?? ''}\`, offset is \`${offset ?? ''}\``,
    )
  return { cursor: { sequenceNumber: Number(sequencenumber), offset }, etag }
}

function contended(name: string): XdrelayError {
  return new XdrelayError('positions_contended', `the blob \`${name}\` was changed by others five times in a row`)
}
