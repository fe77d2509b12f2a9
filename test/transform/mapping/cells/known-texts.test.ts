import { expect, test } from 'vitest'
import { Kernel } from '../../../../src/transform/kernel/kernel.ts'
import { bodyAt } from '../../../../src/transform/kernel/layout.ts'
import { KnownTexts } from '../../../../src/transform/mapping/cells/known-texts.ts'

const kernel = new Kernel()

function find(known: KnownTexts<string>, text: string): string | undefined {
  kernel.take(Buffer.from(text))
  return known.find(bodyAt, bodyAt + text.length)
}

test('what belongs to a text is made once, and for no more texts than are wanted', () => {
  const made: string[] = []
  const known = new KnownTexts(kernel, 50, text => {
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

test('texts that are too long are not kept', () => {
  const known = new KnownTexts(kernel, 50, text => text)
  const lengths = [1, 3, 16, 100, 101]
  expect(lengths.map(length => find(known, 'x'.repeat(length))?.length)).toEqual([1, 3, 16, 100, undefined])
})
