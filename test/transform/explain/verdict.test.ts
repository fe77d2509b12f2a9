import { expect, test } from 'vitest'
import { verdicts } from '../../../src/transform/explain/verdict.ts'
import { generated, placeOf, tables, trace } from './records.ts'

test.each(tables)('%s: a rule is said to fire exactly when the compiled function was seen to apply it', table => {
  const kinds = new Set<string>()
  for (const record of generated(table, 12)) {
    const seen = trace(placeOf(`{"records":[${record}]}`))
    const applied = new Set(seen.assignments.map(({ rule }) => rule))
    for (const { rule, verdict } of verdicts(seen, seen.facts!)) {
      kinds.add(verdict.kind)
      const where = `${rule.place.file}:${rule.place.line} of ${record}`
      expect(verdict.kind === 'fires', where).toBe(applied.has(rule))
    }
  }
  expect(kinds).toContain('fires')
  expect(kinds).toContain('no_value')
})

test('an unknown table is judged by the rules for such tables', () => {
  const seen = trace(placeOf('{"records":[{"category":"Novel","properties":{"ActionType":"A b","IPAddress":"x"}}]}'))
  const judged = verdicts(seen, seen.facts!).map(({ rule, verdict }) => [rule.to[0]?.field ?? rule.add, verdict.kind])
  expect(judged).toContainEqual(['event.action', 'fires'])
  expect(judged).toContainEqual(['source.ip', 'no_result'])
  expect(judged).toContainEqual(['user.name', 'no_value'])
})
