import { runtime } from '../mapping/runtime.ts'
import type { Facts } from './facts.ts'
import type { Assignment, Trace } from './trace.ts'
import { type RuleVerdict, verdicts } from './verdict.ts'

/** What was seen of one record that was mapped, and what follows from it. */
export interface Seen {
  readonly trace: Trace
  readonly facts: Facts
  readonly verdicts: readonly RuleVerdict[]
  /** What each field that rules set has in the end. */
  readonly fields: ReadonlyMap<string, unknown>
  /** As an output gets it, parsed; empty for a record that was rejected. */
  readonly document: object
}

export function seenOf(trace: Trace, facts: Facts): Seen {
  const fields = new Map<string, unknown>()
  for (const { rule, field, value } of trace.assignments) {
    fields.set(field, rule.add === undefined ? value : runtime.add(fields.get(field) as unknown[], value))
  }
  const document: object = trace.document === undefined ? {} : JSON.parse(trace.document.line)
  return { trace, facts, verdicts: verdicts(trace, facts), fields, document }
}

/** Whether a later rule gave the field another value; what is added to a set stays. */
export function isOverwritten({ assignments }: Trace, { rule, field }: Assignment): boolean {
  return rule.add === undefined && assignments.findLast(each => each.field === field)?.rule !== rule
}
