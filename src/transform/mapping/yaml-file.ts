import { readFileSync } from 'node:fs'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { XdrelayError } from '../../core/errors.ts'
import type { Place } from './rule.ts'

export const rulesDirectory = new URL('./rules/', import.meta.url)

/** A YAML file as plain data, with the place of anything in it. */
export interface YamlFile {
  readonly file: string
  readonly data: Record<string, unknown>
  place(...path: (string | number)[]): Place
}

export function readYaml(name: string): YamlFile {
  return parseYaml(name, readFileSync(new URL(name, rulesDirectory), 'utf8'))
}

/**
 * Latin-1 only. V8 keeps a text with any other character in two bytes per character, comments and all, and so every name
 * cut from it; one such name among the keys of a piece of evidence makes JSON.stringify write all of it so, at half the
 * speed.
 */
export function parseYaml(file: string, text: string): YamlFile {
  const foreign = text.search(/[^\0-\xff]/)
  if (foreign !== -1) {
    const line = text.slice(0, foreign).split('\n').length
    throw ruleError({ file, line }, `only Latin-1 characters are allowed, not ${text[foreign]}`)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const problem = document.errors[0]
  if (problem) throw ruleError({ file, line: problem.linePos?.[0].line ?? 1 }, problem.message.split('\n')[0]!)
  const data: unknown = document.toJS()
  if (!isObject(data)) throw ruleError({ file, line: 1 }, 'a mapping is expected')
  return {
    file,
    data,
    place(...path) {
      const node = document.getIn(path, true)
      const parent = document.getIn(path.slice(0, -1), true)
      const key = isMap(parent) ? parent.items.find(item => String(item.key) === String(path.at(-1)))?.key : undefined
      const at = [key, node].find(hasRange)?.range[0] ?? 0
      return { file, line: lines.linePos(at).line }
    },
  }
}

export function ruleError(place: Place, problem: string): XdrelayError {
  return new XdrelayError('internal', `mapping rules, ${place.file}:${place.line}: ${problem}`, {
    facts: { file: place.file, line: place.line },
  })
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
}
