/** Conditions and rules of the rule files in words, as docs/mapping.md shows them. They are valid: loading checked that. */

type Row = Readonly<Record<string, unknown>>

const comparisons: Readonly<Record<string, string>> = {
  contains: 'contains',
  starts: 'starts with',
  ends: 'ends with',
  one_of: 'is',
  list_has: 'holds',
}

export const code = (text: unknown) => `\`${String(text).replaceAll('|', '\\|')}\``

/** A condition as it stands in YAML. Names of conditions are italic; the page explains them. */
export function conditionWords(row: unknown): string {
  return read(row).text
}

export const named = (name: string) => `*${name.replaceAll('_', ' ')}*`

/** `joined` by "and" or "or" where it needs brackets inside of something else. */
interface Words {
  readonly text: string
  readonly joined?: string
}

function read(row: unknown): Words {
  if (typeof row === 'string') return { text: named(row) }
  return join('and', Array.isArray(row) ? row.map(read) : Object.entries(row as Row).map(readEntry))
}

function join(joined: string, parts: readonly Words[]): Words {
  if (parts.length === 1) return parts[0]!
  return { joined, text: parts.map(part => (part.joined === joined ? part.text : bracketed(part))).join(` ${joined} `) }
}

const bracketed = ({ text, joined }: Words) => (joined === undefined ? text : `(${text})`)

function readEntry([key, value]: [string, unknown]): Words {
  switch (key) {
    case 'all':
      return join('and', listOf(value).map(read))
    case 'any':
      return join('or', listOf(value).map(read))
    case 'not':
      return { text: `not ${bracketed(read(value))}` }
    case 'table':
      return { text: `table ${anyOf(value)}` }
    case 'has':
      return { text: `${listOf(value).map(code).join(', ')} given` }
    case 'lacks':
      return { text: `no ${listOf(value).map(code).join(', ')}` }
    default:
      return comparison(key, value)
  }
}

function comparison(column: string, value: unknown): Words {
  const tests = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value as Row) : [['one_of', value]]
  const parts = tests.map(([how, values]) => `${code(column)} ${comparisons[how as string]} ${anyOf(values)}`)
  return join(
    'and',
    parts.map(text => ({ text })),
  )
}

function anyOf(values: unknown): string {
  const words = listOf(values).map(code)
  return words.length > 3 ? `one of ${words.join(', ')}` : words.join(' or ')
}

export function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** Where the value of a rule comes from. */
export function sourceWords({ from, inputs, value }: Row): string {
  if (value !== undefined) return `the value ${code(value)}`
  return inputs === undefined ? listOf(from).map(code).join(', else ') : listOf(inputs).map(code).join(' with ')
}

/** What is done with it; `part` of a split, empty for others. */
export function conversionWords({ as, split, map, otherwise, unless_set: unlessSet }: Row, part: string): string {
  const results = Object.entries((map ?? {}) as Row).map(
    ([key, result]) => `${code(key)} → ${result === null ? 'none' : code(result)}`,
  )
  return [
    ...listOf(as).map(code),
    ...(split === undefined ? [] : [`${code(part)} of ${code(split)}`]),
    ...(results.length === 0 ? [] : [results.join(', ')]),
    ...(otherwise === undefined ? [] : [otherwise === 'same' ? 'others as they are' : `others → ${code(otherwise)}`]),
    ...(unlessSet === true ? ['if not set yet'] : []),
  ].join('; ')
}
