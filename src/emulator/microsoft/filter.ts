import { ApiError } from './reply.ts'

/** Whether an item is wanted. */
export type Filter = (item: Readonly<Record<string, unknown>>) => boolean

interface Token {
  readonly kind: 'word' | 'text' | 'open' | 'close'
  readonly text: string
}

const pattern = /\s*(?:'((?:[^']|'')*)'|([()])|([^\s()']+))/y

/**
 * The part of OData's `$filter` that the APIs document: comparisons of the listed properties, `and`, `or`, parentheses.
 * Throws the service's 400 for anything else.
 */
export function parseFilter(text: string, properties: ReadonlySet<string>): Filter {
  const tokens = tokenise(text)
  let at = 0
  const filter = alternatives()
  if (at < tokens.length) throw invalid(`unexpected '${tokens[at]!.text}'`)
  return filter

  function alternatives(): Filter {
    const filters = [all()]
    while (isWord('or')) filters.push(all())
    return filters.length === 1 ? filters[0]! : item => filters.some(one => one(item))
  }

  function all(): Filter {
    const filters = [term()]
    while (isWord('and')) filters.push(term())
    return filters.length === 1 ? filters[0]! : item => filters.every(one => one(item))
  }

  function term(): Filter {
    const token = tokens[at++]
    if (token?.kind === 'open') {
      const inner = alternatives()
      if (tokens[at++]?.kind !== 'close') throw invalid("')' is missing")
      return inner
    }
    const [operator, literal] = [tokens[at++], tokens[at++]]
    if (token?.kind !== 'word' || operator?.kind !== 'word' || literal === undefined)
      throw invalid('it is not complete')
    if (!properties.has(token.text)) throw invalid(`'${token.text}' cannot be filtered on`)
    return comparison(token.text, operator.text, literal)
  }

  function isWord(word: string): boolean {
    const found = tokens[at]?.kind === 'word' && tokens[at]!.text === word
    if (found) at++
    return found
  }
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.trimEnd().length) {
    const match = pattern.exec(text)
    if (match === null) throw invalid('it cannot be read')
    const [, quoted, bracket, word] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'") })
    else if (bracket !== undefined) tokens.push({ kind: bracket === '(' ? 'open' : 'close', text: bracket })
    else tokens.push({ kind: 'word', text: word! })
  }
  return tokens
}

const operators: Readonly<Record<string, (order: number) => boolean>> = {
  eq: order => order === 0,
  ne: order => order !== 0,
  gt: order => order > 0,
  ge: order => order >= 0,
  lt: order => order < 0,
  le: order => order <= 0,
}

/** Dates and numbers are not quoted, texts are. */
function comparison(property: string, operator: string, literal: Token): Filter {
  const fits = operators[operator]
  if (fits === undefined) throw invalid(`'${operator}' is not an operator`)
  const wanted = literal.kind === 'text' ? literal.text : instant(literal.text)
  return item => {
    const value = item[property]
    const found = typeof wanted === 'number' && typeof value === 'string' ? instant(value) : value
    if (found === null || found === undefined) return operator === 'ne'
    return fits(found === wanted ? 0 : (found as string) < (wanted as string) ? -1 : 1)
  }
}

/** Ticks of 100 ns since 2000, exact up to the seven digits that the service uses; or the number itself. */
export function instant(text: string): number {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/.exec(text) ?? []
  if (seconds !== undefined)
    return (Date.parse(`${seconds}Z`) - 946_684_800_000) * 10_000 + Number(fraction.padEnd(7, '0'))
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  throw invalid(`'${text}' is neither a date nor a number`)
}

function invalid(why: string): ApiError {
  return new ApiError(400, 'BadRequest', `Invalid filter clause: ${why}.`)
}
