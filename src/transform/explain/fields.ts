import { fieldsOfRule } from '../mapping/rule.ts'
import { sourceName } from './absence.ts'
import type { ExplainedField, NotBy, SetBy } from './model.ts'
import { isOverwritten, type Seen } from './seen.ts'
import type { RuleVerdict } from './verdict.ts'
import { because, placeName, steps, whyNot } from './words.ts'

/** Every field that a rule of the record's table can set, with or without a value, by name. */
export function explainFields(seen: Seen): ExplainedField[] {
  const rules = new Map<string, RuleVerdict[]>()
  for (const judged of seen.verdicts) {
    for (const field of fieldsOfRule(judged.rule, seen.facts.plan.preserveDuplicates))
      rules.set(field, [...(rules.get(field) ?? []), judged])
  }
  const ofEvidence = setByEvidence(seen)
  for (const field of ofEvidence.keys()) if (!rules.has(field)) rules.set(field, [])
  return [...rules]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([field, judged]) => {
      const setBy = [...(ofEvidence.get(field) ?? []), ...judged.flatMap(each => setByRule(seen, field, each))]
      const set = new Set(setBy.map(({ rule }) => rule))
      const notBy = judged
        .filter(({ rule }) => !set.has(placeName(rule.place)))
        .map(each => notByRule(seen, field, each))
      const value = seen.trace.document === undefined ? undefined : seen.fields.get(field)
      return { field, value: value ?? null, set_by: setBy, not_by: notBy }
    })
}

/** Rules for evidence are not those of the table: once for each rule and field, with what all items gave together. */
function setByEvidence({ trace, verdicts }: Seen): Map<string, SetBy[]> {
  const planned = new Set(verdicts.map(({ rule }) => rule))
  const byRule = Map.groupBy(
    trace.assignments.filter(({ rule }) => !planned.has(rule)),
    ({ rule }) => rule,
  )
  const setBy = [...byRule].map(([rule, assignments]): [string, SetBy] => {
    const from = rule.sources.map(sourceName)
    const value = [...new Set(assignments.map(({ value }) => value))]
    const field = assignments[0]!.field
    return [
      field,
      { rule: placeName(rule.place), from, as: steps(rule, ''), because: [], and_not: [], value, overwritten: false },
    ]
  })
  return new Map([...Map.groupBy(setBy, ([field]) => field)].map(([field, all]) => [field, all.map(([, one]) => one)]))
}

function setByRule({ trace, facts }: Seen, field: string, { rule, read }: RuleVerdict): SetBy[] {
  const part = rule.to.find(to => to.field === field)?.part ?? ''
  return trace.assignments
    .filter(assignment => assignment.rule === rule && assignment.field === field)
    .map(assignment => ({
      rule: placeName(rule.place),
      from: read.map(sourceName),
      as: steps(rule, part),
      ...because(rule, facts),
      value: assignment.value,
      overwritten: isOverwritten(trace, assignment),
    }))
}

function notByRule({ trace, facts }: Seen, field: string, judged: RuleVerdict): NotBy {
  const { rule, verdict } = judged
  const setBy = (name: string) => {
    const setter = trace.assignments.findLast(each => each.field === name)?.rule
    return setter === undefined ? 'another rule' : placeName(setter.place)
  }
  const common = { rule: placeName(rule.place), from: rule.sources.map(sourceName), constant: rule.constant ?? null }
  // The rule fires, but the part of its split that this field takes is not there.
  if (verdict.kind === 'fires') {
    const part = rule.to.find(to => to.field === field)!.part
    const names = judged.read.map(sourceName).join(' and ')
    return { ...common, kind: 'no_result', by_table: false, why: [`${names} gives no ${part}`] }
  }
  const byTable = 'byTable' in verdict && verdict.byTable
  return { ...common, kind: verdict.kind, by_table: byTable, why: whyNot(judged, facts, setBy) }
}
