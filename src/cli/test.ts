import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { printable } from '../core/log.ts'
import { Coverage } from '../transform/cases/coverage.ts'
import { type CaseProblem, readCases } from '../transform/cases/read-cases.ts'
import { CaseRunner } from '../transform/cases/run-case.ts'
import { note, print } from './terminal.ts'
import { type CaseResult, coverageLines, failureLines, jsonOf, problemLines, summaryOf } from './test/report.ts'

interface TestOptions {
  readonly coverage?: true
  readonly json?: true
}

export function testCommand(): Command {
  return new Command('test')
    .description('Run mapping cases: records with the fields that their documents should have')
    .argument('<files...>', 'YAML files of cases, or folders of such files')
    .option('--coverage', 'say which mapping rules no case reached')
    .option('--json', 'print one JSON object')
    .action(runCases)
}

function runCases(paths: readonly string[], { coverage: wantsCoverage, json }: TestOptions): void {
  const coverage = new Coverage()
  const runner = new CaseRunner(coverage)
  const results: CaseResult[] = []
  const problems: (CaseProblem & { readonly file: string })[] = []
  for (const file of paths.flatMap(filesOf)) {
    const read = readCases(textOf(file))
    problems.push(...read.problems.map(problem => ({ file, ...problem })))
    results.push(...read.cases.map(one => ({ file, name: one.name, line: one.place.line, failures: runner.run(one) })))
  }
  const files = wantsCoverage ? coverage.files() : undefined
  if (json) print(jsonOf(results, problems, files))
  else {
    for (const line of results.flatMap(failureLines)) print(printable(line))
    for (const line of files ? coverageLines(files) : []) print(line)
    print(summaryOf(results))
  }
  for (const line of problems.flatMap(problemLines)) note(printable(line))
  if (problems.length > 0) throw new XdrelayError('cases_unreadable', `not read: ${count(problems.length, 'case')}`)
  const failed = results.filter(({ failures }) => failures.length > 0).length
  if (failed > 0) throw new XdrelayError('check_failed', `failed: ${count(failed, 'case')}`)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** A folder stands for the YAML files in it, at any depth. */
function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    const found = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(name => /\.ya?ml$/.test(name))
    if (found.length === 0) throw new Error('there is no YAML file in this folder')
    return found.sort().map(name => join(path, name))
  } catch (thrown) {
    throw unreadable(path, thrown)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw unreadable(file, thrown)
  }
}

function unreadable(file: string, cause: unknown): XdrelayError {
  return new XdrelayError('cases_unreadable', `cannot read ${file}: ${messageOf(cause)}`, { cause, facts: { file } })
}
