import { suggest } from '../../config/suggest.ts'
import type { FileCoverage } from '../../transform/cases/coverage.ts'
import type { CaseProblem } from '../../transform/cases/read-cases.ts'
import type { Failure } from '../../transform/cases/run-case.ts'
import { documentFields } from '../../transform/mapping/field-list.ts'

export interface CaseResult {
  readonly file: string
  readonly name: string
  readonly line: number
  readonly failures: readonly Failure[]
}

/** Nothing for a case that holds. */
export function failureLines({ file, line, name, failures }: CaseResult): string[] {
  if (failures.length === 0) return []
  return [`${file}:${line}  ${name}`, ...failures.flatMap(failure => detailsOf(file, failure))]
}

function detailsOf(file: string, { path, expected, found, place, elsewhere }: Failure): string[] {
  const what = path === '' ? (found === undefined ? 'a document, and no reject' : 'a reject') : path
  return [
    `  ${file}:${place.line}  ${what}`,
    `    expected  ${shown(expected)}`,
    `    found     ${shown(found)}`,
    ...hintOf(path, found, elsewhere).map(hint => `    ${hint}`),
  ]
}

/** What may have been meant. Only for a field that is absent. */
function hintOf(path: string, found: unknown, elsewhere: readonly string[]): string[] {
  if (found !== undefined || path === '') return []
  if (elsewhere.length > 0) return [`the value is in ${elsewhere.join(', ')}`]
  const known = documentFields()
  if (known.some(field => field === path || field.startsWith(`${path}.`) || path.startsWith(`${field}.`))) {
    return [`\`xdrelay explain --field ${path}\` says why`]
  }
  const near = suggest(path, known)
  return [`no rule writes this field${near === undefined ? '' : `; is ${near} meant?`}`]
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

export function problemLines({ file, line, column, message, fix }: CaseProblem & { readonly file: string }): string[] {
  return [`${file}:${line}:${column}  ${message}`, `    fix: ${fix}`]
}

/** A line for each rule file, and one for each field that a rule sets and no case showed. */
export function coverageLines(files: readonly FileCoverage[]): string[] {
  return files.flatMap(({ file, rules, reached, unreached }) => [
    `${file}: ${reached} of ${rules} rules are reached`,
    ...unreached.map(({ line, field }) => `  ${file}:${line}  ${field}`),
  ])
}

export function summaryOf(results: readonly CaseResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length
  const cases = results.length === 1 ? 'case' : 'cases'
  return `${results.length} ${cases}, ${results.length - failed} passed, ${failed} failed`
}

export function jsonOf(
  results: readonly CaseResult[],
  problems: readonly CaseProblem[],
  coverage: readonly FileCoverage[] | undefined,
): string {
  const failed = results.filter(({ failures }) => failures.length > 0)
  const cases = { run: results.length, passed: results.length - failed.length, failed: failed.length }
  return JSON.stringify({ cases, failed, problems, ...(coverage && { coverage }) })
}
