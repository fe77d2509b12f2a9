import { InvalidArgumentError } from 'commander'
import { convert } from '../../config/convert.ts'
import type { OptionFormat } from '../../core/options.ts'

export function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('it must be a number from 0 to 65535')
  return port
}

/** Durations and sizes are written as in the configuration file. */
export function measured(format: OptionFormat): (text: string) => number {
  return text => {
    const converted = convert({ value: text, text, loose: true }, { type: 'integer', format, minimum: 1 }, path => path)
    if ('message' in converted) throw new InvalidArgumentError(`it ${converted.message}. ${converted.fix}`)
    return converted.value as number
  }
}
