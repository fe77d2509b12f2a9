import { InvalidArgumentError } from 'commander'
import { type Converted, convert } from '../config/convert.ts'
import type { OptionFormat, OptionSchema } from '../core/options.ts'

/** A text of the command line, read as the configuration file would read it. */
export function asConfigured(text: string, schema: OptionSchema): Converted {
  return convert({ value: text, text, loose: true }, schema, path => path)
}

/** A duration in milliseconds or a size in bytes, from `minimum` to `maximum`. */
export function measured(
  format: Extract<OptionFormat, 'duration' | 'bytes'>,
  minimum = 1,
  maximum = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const limit = maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }
  return text => {
    const converted = asConfigured(text, { type: 'integer', format, minimum, ...limit })
    if ('message' in converted) throw new InvalidArgumentError(`it ${converted.message}. ${converted.fix}`)
    return converted.value as number
  }
}

export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum}` : `from ${minimum} to ${maximum}`
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value
    throw new InvalidArgumentError(`it must be a whole number ${range}.`)
  }
}

export const portNumber = wholeNumber(0, 65_535)
