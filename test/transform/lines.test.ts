import { describe, expect, test } from 'vitest'
import { JsonWriter } from '../../src/transform/json-writer.ts'
import { Kernel } from '../../src/transform/kernel/kernel.ts'
import { outBytes } from '../../src/transform/kernel/layout.ts'
import { Lines } from '../../src/transform/lines.ts'

/** Documents of about 100 kB, by their numbers. */
const documentOf = (number: number) => ({ number, filling: String(number % 10).repeat(100_000) })

function add(lines: Lines, out: JsonWriter, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    lines.begin()
    out.value(documentOf(number))
    lines.add(String(number), 'T', 0, number)
  }
}

/** The numbers of documents, each read from where it is said to be. */
function numbers(lines: Lines): number[] {
  const { lines: bytes, ends } = lines.result()
  expect(ends.at(-1) ?? 0).toBe(bytes.length)
  return [...ends].map((end, index) => {
    const document = JSON.parse(Buffer.from(bytes).toString('utf8', ends[index - 1] ?? 0, end))
    expect(document).toEqual(documentOf(document.number))
    return document.number
  })
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

describe('the documents of a job', () => {
  test('may be many more than the memory for them holds, which does not grow', () => {
    const out = new JsonWriter(new Kernel())
    const size = out.kernel.bytes.length
    const lines = new Lines(out)
    add(lines, out, 0, 200)
    expect(200 * 100_000).toBeGreaterThan(4 * outBytes)
    expect(numbers(lines)).toEqual(upTo(200))
    expect(out.kernel.bytes.length).toBe(size)
  })

  test.each([0, 1, 29, 30, 35, 70])('can be taken back to the %ith', kept => {
    const out = new JsonWriter(new Kernel())
    const lines = new Lines(out)
    add(lines, out, 0, kept)
    const mark = lines.mark()
    add(lines, out, 1000, 1100)
    lines.backTo(mark)
    expect(numbers(lines)).toEqual(upTo(kept))
    add(lines, out, kept, 130)
    expect(numbers(lines)).toEqual(upTo(130))
  })
})
