import { XdrelayError } from '../../core/errors.ts'
import { noItems, type Page } from '../collector.ts'
import { before, earlier, type Instant, instantAt, later } from '../instant.ts'
import type { Batch } from './list.ts'
import { type Encoded, Seen } from './seen.ts'

/** Where a collection was left. */
export interface Position {
  /** All that was last changed before has been handed on. */
  cursor: Instant
  /** Since when the service may have shown late what lies before the cursor; undefined where that is the cursor itself. */
  lateSince?: Instant | undefined
  /** What has been handed on of that, and of what came later, as far as it may be answered once more. */
  readonly seen: Seen
}

/** A part of a page: one item, or one with some of what it holds. */
export interface Piece {
  readonly parts: readonly Uint8Array[]
  /** Names all versions in it. */
  readonly keys: readonly string[]
  readonly instant: Instant | undefined
}

/** Bytes of a page; a single piece may have more. */
export const mostBytes = 4 << 20
/** Characters of the keys in a state. */
const mostKeys = 60_000
/** Of what does not say when it was changed: kept as long as there is room. */
const always: Instant = '9999-12-31T23:59:59.9999999Z'

/** Makes pages of pieces, and says with each where to go on. */
export class Progress {
  readonly #position: Position
  readonly #until: Position | undefined
  readonly #overlap: number | undefined
  /** Where the cursor was. */
  readonly #from: Instant
  /** The server's clock when it first answered with what lies within the overlap. */
  #near: Instant | undefined
  #pieces: Piece[] = []
  #bytes = 0
  readonly #pending = new Set<string>()
  /** The state of the last page. */
  #state: string | undefined

  /**
   * `isFirst`: nothing is kept anywhere yet, so that the end of the window has to be said even where it is empty.
   * `overlap`: milliseconds by which the service may be late to show something; undefined in a pass that begins at the
   * cursor itself.
   */
  constructor(position: Position, isFirst: boolean, until: Position | undefined, overlap: number | undefined) {
    this.#position = position
    this.#from = position.cursor
    this.#overlap = overlap
    this.#state = isFirst ? undefined : encode(position)
    this.#until = until
  }

  /** Whether a version has not been handed on, and is not about to be. */
  isNew(key: string, instant: Instant | undefined): boolean {
    if (this.#position.seen.has(key) || this.#pending.has(key)) return false
    const until = this.#until
    return until === undefined || (instant !== undefined && instant <= until.cursor) || until.seen.has(key)
  }

  /** Gives a page when there is enough for one. */
  add(piece: Piece, batch: Batch): Page | undefined {
    const size = piece.parts.reduce((sum, part) => sum + part.length, 0)
    const full = this.#pieces.length > 0 && this.#bytes + size > mostBytes ? this.#page(batch) : undefined
    this.#pieces.push(piece)
    this.#bytes += size
    for (const key of piece.keys) this.#pending.add(key)
    return full
  }

  /** Gives what is left of a batch, now that all of it has been added. */
  complete(batch: Batch): Page | undefined {
    const isEmpty = this.#pieces.length === 0
    const page = isEmpty ? undefined : this.#page(batch)
    if (batch.upTo !== undefined) this.#moveTo(batch.upTo, batch)
    return page
  }

  /** Says where the window ended, where no page did. */
  end(time: number): Page | undefined {
    const state = encode(this.#position)
    if (state === this.#state) return undefined
    this.#state = state
    return { body: noItems, items: 0, time, state }
  }

  #page(batch: Batch): Page {
    const { seen } = this.#position
    const pieces = this.#pieces
    for (const { keys, instant = always } of pieces) for (const key of keys) seen.add(key, instant)
    const last = pieces.findLast(({ instant }) => instant !== undefined)?.instant
    // Within a batch that is in order, what stands before the last piece has been handed on as well.
    if (last !== undefined && batch.upTo !== undefined) this.#moveTo(earlier(last, batch.upTo), batch)
    this.#pieces = []
    this.#bytes = 0
    this.#pending.clear()
    this.#state = encode(this.#position)
    return { body: bodyOf(pieces), items: pieces.length, time: batch.date, state: this.#state }
  }

  /** Never back, and never past the server's clock: an item that is dated in the future must not carry it along. */
  #moveTo(instant: Instant, { date }: Batch): void {
    const position = this.#position
    const now = instantAt(date)
    position.cursor = later(position.cursor, earlier(instant, now))
    const since = this.#lateSince(instant, now)
    position.lateSince = since !== undefined && since < position.cursor ? since : undefined
  }

  /** With all before `instant` handed on. What is shown late lies behind a pass that is near the server's clock, also while that has to wait. */
  #lateSince(instant: Instant, now: Instant): Instant | undefined {
    const { lateSince } = this.#position
    if (this.#overlap === undefined) return lateSince ?? this.#from
    if (instant >= before(now, this.#overlap)) this.#near ??= now
    return this.#near ?? (lateSince && later(lateSince, instant))
  }
}

/** From where a pass reads that looks for what the service showed up to `overlap` milliseconds late. */
export function startOf({ cursor, lateSince = cursor }: Position, overlap: number): Instant {
  return before(lateSince, overlap)
}

export function encode({ cursor, lateSince, seen }: Position): string {
  return JSON.stringify({ cursor, lateSince, seen: seen.encode(mostKeys) })
}

/** Throws `checkpoint_unreadable` for what is no state of such a collection. */
export function decode(state: string): Position {
  try {
    const { cursor, lateSince, seen } = JSON.parse(state) as State
    if ([cursor, lateSince ?? cursor].every(isInstant)) return { cursor, lateSince, seen: Seen.decode(seen) }
  } catch {}
  throw new XdrelayError('checkpoint_unreadable', 'the checkpoint is none of a source of this kind')
}

interface State {
  readonly cursor: Instant
  readonly lateSince?: Instant
  readonly seen: Encoded
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/.test(text)
}

const [open, comma, close] = ['{"value":[', ',', ']}'].map(text => Buffer.from(text)) as [Buffer, Buffer, Buffer]

function bodyOf(pieces: readonly Piece[]): Buffer {
  const parts = pieces.flatMap((piece, index) => (index === 0 ? piece.parts : [comma, ...piece.parts]))
  return Buffer.concat([open, ...parts, close])
}
