import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Coverage } from '../../../src/transform/cases/coverage.ts'
import { readCases } from '../../../src/transform/cases/read-cases.ts'
import { CaseRunner } from '../../../src/transform/cases/run-case.ts'

const directory = new URL('./cases/', import.meta.url)
const coverage = new Coverage()
const runner = new CaseRunner(coverage)

for (const file of readdirSync(directory)) {
  const { cases, problems } = readCases(readFileSync(new URL(file, directory), 'utf8'))
  // At once, so that the coverage below is known by its name.
  const results = cases.map(one => ({ name: one.name, failures: runner.run(one) }))
  describe(file, () => {
    test('is a list of cases, each with a name of its own', () => {
      expect(problems).toEqual([])
      expect(cases.length).toBeGreaterThan(0)
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    })
    test.each(results)('$name', ({ failures }) => {
      expect(failures).toEqual([])
    })
  })
}

describe('every rule is reached by a case', () => {
  test.each(coverage.files())('$file: $reached of $rules rules are reached', ({ file, unreached }) => {
    expect(unreached.map(({ line, field }) => `${file}:${line} ${field}`)).toEqual([])
  })
})
