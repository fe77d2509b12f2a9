import { documentBytes } from '../../core/chunk.ts'
import type { Chunk, Drift, Message, Origin, Reject } from '../../core/types.ts'
import { createRunner } from '../batch.ts'
import { transformed } from '../job.ts'
import { createMapper } from '../mapping/mapper.ts'
import type { Column } from '../mapping/names.ts'
import type { Observer } from '../mapping/observer.ts'
import type { Rule } from '../mapping/rule.ts'
import type { TransformOptions } from '../options.ts'
import { Facts } from './facts.ts'

/** A rule gave a field a value, or added it to the set there. */
export interface Assignment {
  readonly rule: Rule
  readonly field: string
  readonly value: unknown
}

/** Everything that was seen while one record went through the transform. */
export interface Trace {
  /** What an output gets, `line` as JSON text; absent when the record was rejected. */
  readonly document?: { readonly id: string; readonly line: string }
  readonly reject?: Reject
  readonly drift: readonly Drift[]
  /** Absent when the record did not get as far as the mapping. */
  readonly facts?: Facts
  /** In the order of the rules. */
  readonly assignments: readonly Assignment[]
  /** A column may have two fields, for texts and for objects. */
  readonly vendor: readonly { readonly column: Column; readonly field: string; readonly value: unknown }[]
  readonly others: readonly {
    readonly name: string
    readonly where: 'properties' | 'envelope'
    /** `xdrelay.kept.…` or a vendor field; empty for none. */
    readonly field: string
  }[]
}

/** One record of a message, the only one that is looked at. */
export interface Place {
  readonly origin: Origin
  readonly message: Message
  readonly record: number
  /** Which of its documents, from 0: an incident has one for each alert. */
  readonly pair?: number
}

/** Sends single records through the transform that every batch goes through, with an eye on what it does. */
export function createTracer(options: TransformOptions): (place: Place) => Trace {
  const { strict, preserveDuplicateCustomFields, limits } = options
  const watcher = new Watcher()
  const mapping = { strict, preserveDuplicateCustomFields, limits }
  const run = createRunner(options, dataset => createMapper(mapping, watcher, dataset))
  return ({ origin, message, record, pair = 0 }) => {
    watcher.clear(pair)
    const { sequenceNumber, offset } = message
    const cursor = { sequenceNumber, offset }
    const batch = { stream: '', origin, messages: [message], cursor, bytes: message.body.length }
    const { chunk, rejects, drift } = transformed(
      batch,
      run({ origin, messages: [message], records: { from: record, to: record + 1 } }),
    )
    const seen = watcher.seen()
    const index = seen.facts === undefined ? -1 : chunk.ids.indexOf(seen.facts.record.id)
    const document = index === -1 ? {} : { document: { id: chunk.ids[index]!, line: lineOf(chunk, index) } }
    // The reject of an item may be about another of its documents.
    const [reject] = index === -1 ? rejects : []
    return { ...document, ...(reject && { reject }), drift, ...seen }
  }
}

function lineOf(chunk: Chunk, index: number): string {
  return Buffer.from(documentBytes(chunk, index)).toString().trimEnd()
}

class Watcher implements Observer {
  /** How many documents are still to come before the one that is watched; negative behind it. */
  #ahead = 0
  #facts: Facts | undefined
  #assignments: Assignment[] = []
  #vendor: Trace['vendor'][number][] = []
  #others: Trace['others'][number][] = []

  clear(ahead: number): void {
    this.#ahead = ahead + 1
    this.#facts = undefined
    this.#assignments = []
    this.#vendor = []
    this.#others = []
  }

  seen(): Pick<Trace, 'facts' | 'assignments' | 'vendor' | 'others'> {
    const facts = this.#facts === undefined ? {} : { facts: this.#facts }
    return { ...facts, assignments: this.#assignments, vendor: this.#vendor, others: this.#others }
  }

  begin(...[plan, record, values, run]: Parameters<Observer['begin']>): void {
    if (--this.#ahead === 0) this.#facts = new Facts(plan, record, values, run)
  }

  rule(rule: Rule, field: string, value: unknown): void {
    if (this.#ahead === 0) this.#assignments.push({ rule, field, value })
  }

  vendor(column: Column, field: string, value: unknown): void {
    if (this.#ahead === 0) this.#vendor.push({ column, field, value })
  }

  other(name: string, where: 'properties' | 'envelope', field: string): void {
    if (this.#ahead === 0) this.#others.push({ name, where, field })
  }
}
