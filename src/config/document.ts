import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError, type YAMLMap } from 'yaml'
import { type Finding, finding } from './finding.ts'
import type { Entry, Mapping, Place, Tree } from './tree.ts'

export interface ParsedDocument {
  /** Undefined when the text is not YAML; an empty file is an empty map. */
  readonly tree: Tree | undefined
  readonly findings: readonly Finding[]
}

/** YAML 1.2 (JSON included) to a tree with positions. Aliases are not followed: they can make a small file huge. */
export function parseYaml(text: string, file: string): ParsedDocument {
  if (text.includes('\0')) return { tree: undefined, findings: [utf16Finding(file)] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const findings: Finding[] = []
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  // Where the syntax is broken, everything after the first error is guesswork.
  const [broken] = document.errors
  if (broken) return { tree: undefined, findings: [syntaxFinding(broken, at(broken.pos[0]), text)] }
  for (const warning of document.warnings) findings.push(syntaxFinding(warning, at(warning.pos[0]), text))
  if (!document.contents) return { tree: { kind: 'map', place: at(0), entries: [] }, findings }
  const tree = toTree(document.contents, { at, findings }, '')
  return { tree, findings }
}

/** Without a mark in front, UTF-16 is UTF-8 with a NUL character beside each letter. */
function utf16Finding(file: string): Finding {
  const message = 'it has NUL characters, as text in UTF-16 has'
  return finding({ file, line: 1, column: 1 }, '', { value: 'a NUL character', message, fix: 'Save it as UTF-8.' })
}

interface Reading {
  readonly at: (offset: number) => Place
  readonly findings: Finding[]
}

function toTree(node: Node, reading: Reading, path: string): Tree {
  const place = reading.at(node.range?.[0] ?? 0)
  if (isMap(node)) return { kind: 'map', place, entries: entriesOf(node, place, reading, path) }
  if (isSeq<Node>(node)) {
    return { kind: 'list', place, items: node.items.map((item, index) => toTree(item, reading, `${path}[${index}]`)) }
  }
  if (isScalar(node) && isPlain(node.value)) {
    return { kind: 'scalar', place, value: node.value, text: node.source ?? String(node.value), from: 'file' }
  }
  reading.findings.push(
    finding(place, path, {
      value: 'an alias or a tagged value',
      message: 'aliases and tags are not supported',
      fix: 'Write the value out; put text that starts with * or ! in quotes.',
    }),
  )
  return { kind: 'map', place, entries: [] }
}

function entriesOf(map: YAMLMap, place: Place, reading: Reading, path: string): Mapping['entries'] {
  const entries = new Map<string, Entry>()
  for (const pair of map.items) {
    const keyNode = pair.key as Node | null
    const key = isScalar(keyNode) ? (keyNode.source ?? String(keyNode.value)) : '?'
    const keyPlace = keyNode?.range ? reading.at(keyNode.range[0]) : place
    const keyPath = path ? `${path}.${key}` : key
    if (entries.has(key)) {
      reading.findings.push(
        finding(keyPlace, keyPath, {
          value: key,
          message: `the key is there twice; it stands on line ${entries.get(key)!.place.line} already`,
          fix: 'Remove one of them.',
        }),
      )
      continue
    }
    const empty: Tree = { kind: 'scalar', place: keyPlace, value: null, text: '', from: 'file' }
    const value = pair.value ? toTree(pair.value as Node, reading, keyPath) : empty
    entries.set(key, { key, place: keyPlace, value })
  }
  return [...entries.values()]
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

/** The library's own text for these codes quotes the file, and what it quotes may be a secret. */
const quoting: Record<string, string> = {
  TAG_RESOLVE_FAILED: 'text that starts with ! needs quotes',
  BAD_COLLECTION_TYPE: 'text that starts with ! needs quotes',
  BAD_ALIAS: 'text that starts with * or & needs quotes',
  BAD_DQ_ESCAPE: 'in double quotes, a backslash starts an escape; write it twice, or use single quotes',
  BAD_DIRECTIVE: 'text that starts with % needs quotes',
  UNEXPECTED_TOKEN: 'this cannot stand here',
}

/** Where the library speaks to programmers, and no quotes or indentation would help. */
const plain: Record<string, { readonly message: string; readonly fix: string }> = {
  MULTIPLE_DOCS: {
    message: 'one document is expected, and here a second one begins',
    fix: 'Remove the line `---`, and with it all but one configuration.',
  },
  RESOURCE_EXHAUSTION: {
    message: 'it is nested too deeply',
    fix: 'Look for brackets that are never closed; a configuration has a few levels.',
  },
}

function syntaxFinding(error: YAMLError, place: Place, text: string): Finding {
  const told = plain[error.code]
  if (told) return finding(place, '', { value: 'a syntax error', ...told })
  const offset = error.pos[0]
  const reference = text.slice(Math.max(0, offset - 1), offset + 1) === '${'
  const message = quoting[error.code] ?? error.message
  return finding(place, '', {
    value: 'a syntax error',
    message: `not valid YAML: ${message}`,
    fix: reference
      ? 'Put the reference in quotes: within { } and [ ] it needs them.'
      : 'Correct the syntax; indentation is by spaces, and text with special characters goes in quotes.',
  })
}
