import { parseJson } from '../../src/core/parse-json.ts'

/** A number by the text it was written as: a double would not tell 9007199254740993 from its neighbour. */
class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Plain data, but for numbers, which keep their digits. */
function exact(text: string): unknown {
  return parseJson(text, (_key, value, { source }) => (typeof value === 'number' ? new Digits(source!) : value))
}

/** The first value of a record's JSON text that is not in a document's any more; undefined when all are. */
export function lostValue(record: string, document: string): string | undefined {
  return firstMissing(exact(record), formsOf(exact(document)))
}

/**
 * What carries nothing need not be found: null, "", and `-`, which stands for no address. Lone surrogates are replaced.
 * JSON in a text may be found as that text or as its values.
 */
function firstMissing(value: unknown, forms: ReadonlySet<string>): string | undefined {
  if (value === null || value === '' || value === '-') return undefined
  if (typeof value === 'string') {
    const text = value.toWellFormed()
    if (forms.has(textForm(text)) || [numberForm(text), dateForm(text)].some(form => form && forms.has(form)))
      return undefined
    const inner = holderIn(text)
    return inner === undefined ? JSON.stringify(text) : firstMissing(inner, forms)
  }
  if (typeof value === 'boolean') return forms.has(String(value)) ? undefined : String(value)
  if (value instanceof Digits) return forms.has(numberForm(value.text)!) ? undefined : value.text
  for (const inner of Object.values(value as object)) {
    const missing = firstMissing(inner, forms)
    if (missing !== undefined) return missing
  }
  return undefined
}

/** Every value of a document, in each form in which it may stand for a value of the record. */
function formsOf(value: unknown, forms: Set<string> = new Set()): Set<string> {
  if (value instanceof Digits) {
    forms.add(numberForm(value.text)!).add(textForm(value.text))
  } else if (typeof value === 'string') {
    forms.add(textForm(value))
    for (const form of [numberForm(value), dateForm(value)]) if (form) forms.add(form)
    formsOf(holderIn(value), forms)
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) formsOf(inner, forms)
  } else if (typeof value === 'boolean') {
    // Some tables have booleans as numbers or texts.
    forms.add(String(value)).add(value ? '1e0' : '0')
  }
  return forms
}

/** Some fields are in lower case. */
function textForm(text: string): string {
  return text.toUpperCase().toLowerCase()
}

/** The object or list that a text holds as JSON. */
function holderIn(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    const value = exact(text)
    return typeof value === 'object' && value !== null && !(value instanceof Digits) ? value : undefined
  } catch {
    return undefined
  }
}

const number = /^(-?)0*(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** One text for all ways to write a number, without any rounding: `1.50`, `15e-1` and `0.15E1` are `15e-1`. */
function numberForm(text: string): string | undefined {
  const parts = number.exec(text)
  if (parts === null || !/\d/.test(text)) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const digits = BigInt(whole + fraction || '0').toString()
  if (digits === '0') return `${sign}0`
  const significant = digits.slice(0, digits.search(/0*$/))
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`
}

const date = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?)? ?(Z|UTC|[+-]\d\d:?\d\d)?$/i

/** One text for all ways to write an instant, with all digits of the second. */
function dateForm(text: string): string | undefined {
  const [, day, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = date.exec(text) ?? []
  const shift = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(-2)}` : 'Z'
  const instant = Date.parse(`${day}T${time}:${seconds}${shift}`)
  if (Number.isNaN(instant)) return undefined
  return `${new Date(instant).toISOString().slice(0, -5)}.${fraction.replace(/0+$/, '')}`
}
