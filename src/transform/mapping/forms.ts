import type { Form, Structure } from '../../core/types.ts'
import { isExactNumber } from '../digits.ts'
import { toIp } from './convert.ts'
import { toDate } from './dates.ts'
import { parseText } from './text-json.ts'
import { isEmpty, scalarText, toLong } from './values.ts'

/** Longer texts are neither dates nor addresses. */
const longestScalar = 64

/** What a value looks like, and nothing of what it says. */
export function formOf(value: unknown): Form {
  if (value === null || value === undefined || value === '') return 'empty'
  if (typeof value === 'string') return formOfText(value)
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number' || isExactNumber(value)) return toLong(value) === undefined ? 'number' : 'integer'
  return structureOf(value)
}

function formOfText(text: string): Form {
  if (text.length <= longestScalar) {
    if (toLong(text) !== undefined) return 'digits'
    if (toDate(text) !== undefined) return 'date'
    if (toIp(text) !== undefined) return 'ip'
  }
  const parsed = parseText(text)
  return parsed === undefined ? 'text' : `${structureOf(parsed)} as text`
}

function structureOf(value: object): Structure {
  if (!Array.isArray(value)) return isEmpty(value) ? 'empty object' : 'object'
  const items: unknown[] = value.filter(item => !isEmpty(item))
  if (items.length === 0) return 'empty list'
  if (items.every(item => typeof item === 'string')) return 'list of texts'
  if (items.every(item => scalarText(item) !== undefined)) return 'list of scalars'
  return items.every(isPlainObject) ? 'list of objects' : 'mixed list'
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && !isExactNumber(value)
}
