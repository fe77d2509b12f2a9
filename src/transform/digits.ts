/** In the language since ES2026, not yet in TypeScript's library. What `rawJson` gives serialises as the given text. */
export const { rawJSON: rawJson, isRawJSON: isRawJson } = JSON as unknown as {
  rawJSON(text: string): object
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
}

/**
 * A number that a double cannot hold, with its digits as they came. Serialises as exactly these digits, so a value that
 * is only passed through stays right. One of them in a document makes JSON.stringify three times slower: where the
 * target field is text, emit `exactDigits(value)`.
 */
class ExactNumber {
  readonly #digits: string

  constructor(digits: string) {
    this.#digits = digits
  }

  static digitsOf(value: ExactNumber): string {
    return value.#digits
  }

  toString(): string {
    return this.#digits
  }

  toJSON(): unknown {
    return rawJson(this.#digits)
  }
}

export type { ExactNumber }

export function exactNumber(digits: string): ExactNumber {
  return new ExactNumber(digits)
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return value instanceof ExactNumber
}

/** The number as it stood in the message: `639199916335081329`, `1e400`, `-0`. */
export function exactDigits(value: ExactNumber): string {
  return ExactNumber.digitsOf(value)
}

/** Up to 15 digits always come back from a double as they were; only -0 does not, so a minus is looked at closely. */
const harmless = /^(?:0|[1-9]\d{0,14}|\d{1,7}\.\d{1,7})$/

const grammar = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** Whether `token` is a JSON number whose value would change on the way through a double and back to text. */
export function isDistorted(token: string): boolean {
  if (harmless.test(token)) return false
  const parts = grammar.exec(token)
  if (parts === null) return false
  // The normal case, told without arithmetic: an integer of more than 16 digits is beyond 2^53.
  if (parts[3] === undefined && parts[4] === undefined && parts[2]!.length > 16) return true
  const double = Number(token)
  return !Number.isFinite(double) || decimal(parts) !== decimal(grammar.exec(String(double))!)
}

/** The decimal value as one text per value: `1.50`, `15e-1` and `0.15E1` all give `15e-1`. */
function decimal([, sign, whole, fraction = '', exponent = '0']: RegExpExecArray): string {
  const digits = (whole! + fraction).replace(/^0+/, '')
  const significant = digits.slice(0, endOfDigits(digits))
  if (significant === '') return `${sign}0`
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

/** Where the zeros at the end begin. An expression for them takes quadratic time for zeros in the middle. */
function endOfDigits(digits: string): number {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return end
}
