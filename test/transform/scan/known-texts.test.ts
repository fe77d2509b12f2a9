import { expect, test } from 'vitest'
import { viewOf } from '../../../src/transform/scan/bytes.ts'
import { KnownTexts } from '../../../src/transform/scan/known-texts.ts'

const find = (known: KnownTexts<string>, text: string) => known.find(viewOf(Buffer.from(text)), 0, text.length)

test('what belongs to a text is made once, and for no more texts than are wanted', () => {
  const made: string[] = []
  const known = new KnownTexts(50, text => {
    made.push(text)
    return text.toLowerCase()
  })
  const texts = Array.from({ length: 60 }, (_, index) => `Text${index}`)
  for (let round = 0; round < 2; round++) {
    const found = texts.map(text => find(known, text))
    expect(found).toEqual(texts.map((text, index) => (index < 50 ? text.toLowerCase() : undefined)))
  }
  expect(made).toEqual(texts.slice(0, 50))
})

test('texts that are too short or too long are not kept', () => {
  const known = new KnownTexts(50, text => text)
  expect(['abc', 'abcd', 'x'.repeat(100), 'x'.repeat(101)].map(text => find(known, text)?.length)).toEqual([
    undefined,
    4,
    100,
    undefined,
  ])
})
