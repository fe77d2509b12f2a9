import type { Problem } from '../core/options.ts'
import { FieldChoice } from '../output/field-choice.ts'
import type { CommonOptions, OutputKind } from '../output/policy.ts'
import { documentFields } from '../transform/mapping/field-list.ts'
import { suggest } from './suggest.ts'

/** What is wrong between `format`, `fields` and the kind of an output. */
export function shapeProblems({ format, fields }: CommonOptions, { requires }: OutputKind): Problem[] {
  const raw = format === 'raw'
  return [
    ...(raw && requires !== undefined ? [rawProblem(requires)] : []),
    ...(raw && fields ? [rawFieldsProblem] : []),
    ...(fields ? [...choiceProblems(fields), ...keyProblems(fields)] : []),
    ...(fields ? patternProblems('drop', fields.drop, requires) : []),
    ...(fields ? patternProblems('hash', fields.hash, requires) : []),
  ]
}

type Fields = NonNullable<CommonOptions['fields']>

function rawProblem(required: string): Problem {
  const message = `a record as it was received has no ${required}, without which the target refuses it`
  return { path: ['format'], message, fix: 'Write `ecs`, or use another kind of output, such as `file`.' }
}

const rawFieldsProblem: Problem = {
  path: ['format'],
  message: 'records go out exactly as they were received, so `fields` cannot take anything out of them',
  fix: 'Write `ecs`, or remove `fields`.',
}

function choiceProblems({ drop, hash }: Fields): Problem[] {
  if (drop || hash) return []
  return [{ path: ['fields'], message: 'names no field', fix: 'Add `drop` or `hash`, or remove `fields`.' }]
}

function keyProblems({ hash, hashKey }: Fields): Problem[] {
  if ((hash === undefined) === (hashKey === undefined)) return []
  if (hash === undefined)
    return [{ path: ['fields', 'hash_key'], message: 'has no use without `hash`', fix: 'Remove it, or add `hash`.' }]
  const fix = `Add hash_key: \${file:/run/secrets/NAME} or \${env:NAME}, at least 16 random characters.`
  return [{ path: ['fields', 'hash_key'], message: 'is required with `hash`', fix }]
}

/** A pattern that can fit nothing would leave a field in that the operator wants out. */
function patternProblems(list: 'drop' | 'hash', patterns: readonly string[] = [], required?: string): Problem[] {
  return patterns.flatMap((pattern, index) => {
    const path = ['fields', list, `[${index}]`]
    if (!isFieldPath(pattern)) {
      const fix = 'Write names with a dot between them, such as user.name; * stands for any characters.'
      return [{ path, message: 'is not the path of a field', fix }]
    }
    if (required === undefined || new FieldChoice({ [list]: [pattern] }).fate(required) === 'keep') return []
    const fix = `Name fields that do not include ${required}.`
    return [{ path, message: `takes in ${required}, without which the target refuses a document`, fix }]
  })
}

/** A misspelt path takes nothing away, and nobody would notice. No error, as columns are new at times. */
export function shapeDoubts({ fields }: CommonOptions): Problem[] {
  if (fields === undefined) return []
  const known = documentFields()
  return (['drop', 'hash'] as const).flatMap(list =>
    (fields[list] ?? []).flatMap((pattern, index) => {
      if (!isFieldPath(pattern) || fitsAny(pattern, known)) return []
      const near = pattern.includes('*') ? undefined : suggest(pattern, known)
      const fix = near === undefined ? 'Look at a document, for example of `xdrelay map`.' : `Did you mean \`${near}\`?`
      return [{ path: ['fields', list, `[${index}]`], message: 'is a field of no documented table', fix }]
    }),
  )
}

/** Also when it names something within a field, or a field that holds others. */
function fitsAny(pattern: string, known: readonly string[]): boolean {
  const choice = new FieldChoice({ hash: [pattern] })
  return known.some(path => isWithin(pattern, path) || isWithin(path, pattern) || choice.fate(path) === 'hash')
}

function isWithin(path: string, holder: string): boolean {
  return path === holder || path.startsWith(`${holder}.`)
}

function isFieldPath(pattern: string): boolean {
  const parts = pattern.split('.')
  return parts.every(part => part !== '' && part.trim() === part) && !/^!|\p{Cc}/u.test(pattern)
}
