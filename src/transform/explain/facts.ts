import type { Column } from '../mapping/names.ts'
import type { TablePlan } from '../mapping/plan.ts'
import type { Condition, Source } from '../mapping/rule.ts'
import type { Run } from '../mapping/run.ts'
import { runtime } from '../mapping/runtime.ts'
import { innerValue } from '../mapping/values.ts'
import type { DefenderRecord } from '../record.ts'

type Read = Exclude<Source, { kind: 'field' }>

/** A part of a condition that reads one thing, and whether it holds. */
export interface Ground {
  readonly atom: Atom
  readonly holds: boolean
}

type Atom = Extract<Condition, { table: unknown } | { has: unknown } | { comparison: unknown }>

/**
 * What rules read of one record, and what conditions say of it: the answers of the compiled function, found by looking
 * and not by running it. A test compares the two.
 */
export class Facts {
  readonly plan: TablePlan
  readonly record: DefenderRecord
  readonly #columns: ReadonlyMap<string, { readonly column: Column; readonly value: unknown }>
  readonly #envelope: ReadonlyMap<string, unknown>
  readonly #run: Run

  /** `values` as an observer is told them: the envelope's first, then those of the plan's columns. */
  constructor(plan: TablePlan, record: DefenderRecord, values: readonly unknown[], run: Run) {
    this.plan = plan
    this.record = record
    this.#run = run
    this.#envelope = new Map(plan.envelope.map(({ column }, index) => [column, values[index]]))
    const offset = plan.envelope.length
    this.#columns = new Map(
      plan.columns.map((column, index) => [column.column, { column, value: values[offset + index] }]),
    )
  }

  column(name: string): Column | undefined {
    return this.#columns.get(name)?.column
  }

  /** Whether records of this table can have it at all. */
  knows(source: Source): boolean {
    if (source.kind === 'column') return this.#columns.has(source.column)
    return source.kind === 'field' || this.#envelope.has(source.key) || Object.hasOwn(frame, source.key)
  }

  /** As rules see it; undefined where there is none. */
  value(source: Read): unknown {
    if (source.kind === 'envelope') return this.#envelope.get(source.key) ?? frame[source.key]?.(this.record)
    const value = this.#columns.get(source.column)?.value
    if (source.key === undefined || value === undefined) return value
    return innerValue(runtime.json(value, this.#run), source.key)
  }

  holds(condition: Condition): boolean {
    if ('all' in condition) return condition.all.every(part => this.holds(part))
    if ('any' in condition) return condition.any.some(part => this.holds(part))
    if ('not' in condition) return !this.holds(condition.not)
    if ('table' in condition) return condition.table.includes(this.plan.table)
    if ('has' in condition) return condition.has.kind !== 'field' && this.value(condition.has) !== undefined
    return this.#compares(condition)
  }

  /** The parts that make the condition hold, or keep it from holding: all of them where one alone would not do. */
  grounds(condition: Condition): Ground[] {
    if ('not' in condition) return this.grounds(condition.not)
    const parts = 'all' in condition ? condition.all : 'any' in condition ? condition.any : undefined
    if (parts === undefined) return [{ atom: condition as Atom, holds: this.holds(condition) }]
    const verdict = this.holds(condition)
    return parts.filter(part => this.holds(part) === verdict).flatMap(part => this.grounds(part))
  }

  /** What the table alone decides of a condition; undefined where the record has a say. */
  decided(condition: Condition): boolean | undefined {
    if ('not' in condition) {
      const inner = this.decided(condition.not)
      return inner === undefined ? undefined : !inner
    }
    if ('table' in condition) return condition.table.includes(this.plan.table)
    if ('all' in condition)
      return settle(
        condition.all.map(part => this.decided(part)),
        false,
      )
    if ('any' in condition)
      return settle(
        condition.any.map(part => this.decided(part)),
        true,
      )
    return this.knows('has' in condition ? condition.has : condition.source) ? undefined : false
  }

  #compares({ source, comparison, values }: Extract<Condition, { comparison: unknown }>): boolean {
    if (source.kind === 'field' || !this.knows(source)) return false
    const value = this.value(source)
    if (comparison === 'list_has') return runtime.listHas(value, new Set(values))
    const text = value === undefined ? '' : runtime.lower(value)
    return values.some(wanted => tests[comparison](text, wanted))
  }
}

const frame: Readonly<Record<string, (record: DefenderRecord) => unknown>> = {
  id: record => record.id,
  original: record => record.original,
  enqueued_time: record => record.position?.enqueuedTime,
  received_time: record => record.position?.receivedTime,
}

const tests = {
  is: (text: string, wanted: string) => text === wanted,
  one_of: (text: string, wanted: string) => text === wanted,
  contains: (text: string, wanted: string) => text.includes(wanted),
  starts: (text: string, wanted: string) => text.startsWith(wanted),
  ends: (text: string, wanted: string) => text.endsWith(wanted),
}

/** `decisive` settles the whole by itself. */
function settle(parts: readonly (boolean | undefined)[], decisive: boolean): boolean | undefined {
  if (parts.includes(decisive)) return decisive
  return parts.includes(undefined) ? undefined : !decisive
}
