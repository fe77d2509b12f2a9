import { parseJson } from '../../core/parse-json.ts'
import { exactNumber, isDistorted } from '../digits.ts'
import { hasSurrogateEscape, replaceLoneSurrogates } from '../surrogates.ts'

/**
 * A number of 16 and more digits, a large exponent or a zero below zero inside of an object or list: then a double may not
 * hold it, or lose its sign when it is written.
 */
const oddNumber = /[:[,]\s*(?:-0|-?(?:[\d.]{16}|[\d.]+[eE][+-]?\d{3}))/

/**
 * The value of a column that holds JSON as text, with exact numbers; undefined when it is no object or list, and when
 * half a character would come of it: then only the text itself is well-formed and whole.
 */
export function parseText(text: string): object | undefined {
  const first = text.charCodeAt(0)
  if (first !== 0x7b && first !== 0x5b && text.trimStart().search(/[{[]/) !== 0) return undefined
  if (hasSurrogateEscape(text) && replaceLoneSurrogates(text) !== text) return undefined
  try {
    const value = parseJson(text, oddNumber.test(text) ? keepDigits : undefined)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function keepDigits(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && isDistorted(source) ? exactNumber(source) : value
}
