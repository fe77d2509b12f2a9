import { expect, test } from 'vitest'
import { configSchema } from '../../src/config/schema.ts'
import { checkConfig } from '../../src/config.ts'
import type { OptionSchema } from '../../src/core/options.ts'
import { env, withLine } from './samples.ts'

/** The longest wait of a timer: a longer one is made 1 ms, over and over. */
const longestTimer = 2 ** 31 - 1

/** Compared with the clock, and with no timer. */
const byTheClock = /\.(since|rotate\.age)$/

function durations(schema: OptionSchema, path: string): [string, OptionSchema][] {
  if (schema.format === 'duration') return [[path, schema]]
  const inner = [...Object.entries(schema.properties ?? {}), ...(schema.named ? [['NAME', schema.named] as const] : [])]
  return inner.flatMap(([key, each]) => durations(each, `${path}.${key}`))
}

test('no duration of the configuration is longer than a timer can wait', () => {
  const all = durations(configSchema, 'file')
  expect(all.length).toBeGreaterThan(8)
  const endless = all.filter(([path, { maximum = Infinity }]) => maximum > longestTimer && !byTheClock.test(path))
  expect(endless.map(([path]) => path)).toEqual([])
})

test('a duration beyond the limit is a finding that names it', () => {
  const text = withLine('    required: true', '    batch: { age: 30d }')
  expect(checkConfig(text, 'x.yaml', env).findings).toMatchObject([
    { path: 'outputs.archive.batch.age', message: 'is more than 1h', fix: 'Give at most 1h.' },
  ])
})
