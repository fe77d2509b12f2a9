import { expect, test } from 'vitest'
import { editDistance, suggest } from '../../src/config/suggest.ts'

const keys = ['event_hub', 'consumer_group', 'connection_string', 'start', 'urls']

test.each([
  ['consumer_grup', 'consumer_group'],
  ['consumerGroup', 'consumer_group'],
  ['connection-string', 'connection_string'],
  ['CONNECTION_STRING', 'connection_string'],
  ['eventhub', 'event_hub'],
  ['satrt', 'start'],
  ['url', 'urls'],
  ['ulrs', 'urls'],
])('%s is taken for %s', (word, meant) => {
  expect(suggest(word, keys)).toBe(meant)
})

test.each(['password', 'x', 'uuuu', ''])('%j is taken for nothing', word => {
  expect(suggest(word, keys)).toBeUndefined()
  expect(suggest(word, [])).toBeUndefined()
})

test('the distance counts insertions, deletions, substitutions and swaps once each', () => {
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('abc', '')).toBe(3)
  expect(editDistance('abc', 'abc')).toBe(0)
  expect(editDistance('abc', 'abd')).toBe(1)
  expect(editDistance('abc', 'acb')).toBe(1)
  expect(editDistance('kitten', 'sitting')).toBe(3)
})
