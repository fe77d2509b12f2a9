import { type Conversion, conversions } from '../mapping/convert.ts'
import type { Rule, Source } from '../mapping/rule.ts'
import { runtime } from '../mapping/runtime.ts'
import { splits } from '../mapping/split.ts'
import type { Facts } from './facts.ts'
import type { Trace } from './trace.ts'

/** What became of one rule for one record. */
type Verdict =
  | { readonly kind: 'fires' }
  /** `byTable`: no record of this table can meet the condition. */
  | { readonly kind: 'condition'; readonly byTable: boolean }
  /** `byTable`: the table has none of the columns. */
  | { readonly kind: 'no_value'; readonly byTable: boolean }
  | { readonly kind: 'held_back'; readonly field: string }
  /** The conversion, `map` or `split` that gave nothing of what it was given. */
  | { readonly kind: 'no_result'; readonly step: string; readonly given: readonly unknown[] }

export interface RuleVerdict {
  readonly rule: Rule
  readonly verdict: Verdict
  /** The sources that the value comes from: of several alternatives the one that had a value. */
  readonly read: readonly Source[]
}

/**
 * Goes through the rules in their order, as the compiled function does, and says of each whether it fires and why not.
 * What fields hold in between is taken from the trace.
 */
export function verdicts(trace: Trace, facts: Facts): RuleVerdict[] {
  const fields = new Map<string, unknown>()
  let next = 0
  return facts.plan.rules.map(rule => {
    const judged = judge(rule, facts, fields)
    for (let seen = trace.assignments[next]; seen?.rule === rule; seen = trace.assignments[++next]) {
      const { field, value } = seen
      fields.set(field, rule.add === undefined ? value : runtime.add(fields.get(field) as unknown[], value))
    }
    return { rule, ...judged }
  })
}

type Judged = Omit<RuleVerdict, 'rule'>

function judge(rule: Rule, facts: Facts, fields: ReadonlyMap<string, unknown>): Judged {
  const { when, sources } = rule
  if (when !== undefined && !facts.holds(when)) {
    return { verdict: { kind: 'condition', byTable: facts.decided(when) === false }, read: [] }
  }
  const lookUp = (source: Source) => (source.kind === 'field' ? fields.get(source.path) : facts.value(source))
  const read = rule.together ? sources : sources.filter(source => lookUp(source) !== undefined).slice(0, 1)
  const given = rule.together ? sources.map(source => input(source, lookUp(source), facts)) : read.map(lookUp)
  const isEmpty = rule.constant === undefined && given.every(value => value === undefined)
  if (isEmpty) return { verdict: { kind: 'no_value', byTable: !sources.some(source => facts.knows(source)) }, read: [] }
  const taken = rule.unlessSet ? rule.to.find(({ field }) => fields.get(field) !== undefined) : undefined
  if (taken !== undefined) return { verdict: { kind: 'held_back', field: taken.field }, read }
  const step = rule.constant === undefined ? failingStep(rule, given) : undefined
  return { verdict: step === undefined ? { kind: 'fires' } : { kind: 'no_result', step, given }, read }
}

/** A conversion of several values is given dates as they stand in ECS fields. */
function input(source: Source, value: unknown, facts: Facts): unknown {
  const isDate = source.kind === 'column' && facts.column(source.column)?.type === 'datetime'
  return isDate && value !== undefined ? conversions.date(value) : value
}

/** The first of `as`, `map` and `split` that gives nothing; undefined when there is a value to set. */
function failingStep({ as, map, otherwise, split, to }: Rule, given: readonly unknown[]): string | undefined {
  let values = given
  for (const name of as) {
    const value = (conversions as Record<string, Conversion>)[name]!(...values)
    if (value === undefined) return name
    values = [value]
  }
  if (map !== undefined) {
    const [value] = values
    const found = runtime.lookup(map, value, otherwise === 'same' ? value : otherwise)
    if (found === undefined) return 'map'
    values = [found]
  }
  if (split === undefined) return undefined
  const parts = splits[split]!.run(...values)
  return to.some(({ part }) => parts?.[part] !== undefined) ? undefined : split
}
