import { describe, expect, onTestFinished, test } from 'vitest'
import { documentBytes } from '../../src/core/chunk.ts'
import type { Chunk, Delivery, Output } from '../../src/core/types.ts'
import { chunkOf, documentOf } from '../support/chunks.ts'

export interface OutputUnderTest {
  readonly output: Output
  /** Every document in the target, as JSON text without line feed, in any order. */
  readBack(): Promise<string[]>
}

export interface OutputHarness {
  /** An output that is not open yet, with a target of its own; cleans up by itself. */
  make(): Promise<OutputUnderTest>
  /** What the kind does with a document that is in the target already. */
  readonly repeats: 'counted' | 'written again'
}

const nothing = { rejected: [], retry: [], duplicates: 0 }
const never = new AbortController().signal

/** What every kind of output has to do, whatever its target. */
export function outputContract(kind: string, harness: OutputHarness): void {
  const opened = async () => {
    const under = await harness.make()
    await under.output.open(never)
    onTestFinished(() => under.output.close())
    return under
  }

  describe(`${kind}, as an output`, () => {
    test('opens and closes without a write', async () => {
      const { output, readBack } = await harness.make()
      await output.open(never)
      await output.close()
      expect(await readBack()).toEqual([])
    })

    test('writes of no chunks and of empty chunks deliver nothing', async () => {
      const { output, readBack } = await opened()
      expect(await output.write([], never)).toMatchObject(nothing)
      expect(await output.write([chunkOf([]), chunkOf([])], never)).toMatchObject(nothing)
      expect(await readBack()).toEqual([])
    })

    test('documents of several chunks and tables arrive with the bytes they were given', async () => {
      const { output, readBack } = await opened()
      const chunks = [
        chunkOf([documentOf({ n: 1 }), documentOf({ n: 2 })], { tables: ['DeviceEvents', 'EmailEvents'] }),
        chunkOf([]),
        chunkOf([documentOf({ n: 3 })], { tables: ['AlertInfo'] }),
        chunkOf(
          [4, 5, 6, 7].map(n => documentOf({ n })),
          { tables: ['A', 'B', 'B', 'A'] },
        ),
      ]
      expect(await output.write(chunks, never)).toMatchObject(nothing)
      expect((await readBack()).sort()).toEqual(linesOf(chunks).sort())
    })

    test('text of every kind and long numbers arrive undistorted', async () => {
      const { output, readBack } = await opened()
      const texts = ['Grüße 你好 😀', '\u2028\u2029', '\n{"create":{"_index":"evil"}}\n', '\u0000\u001b[31m', '"\\\'']
      const chunk = withText(
        chunkOf([documentOf({ texts }), documentOf({ big: '@big@' })]),
        '"@big@"',
        '9007199254740993',
      )
      expect(await output.write([chunk], never)).toMatchObject(nothing)
      expect((await readBack()).sort()).toEqual(linesOf([chunk]).sort())
    })

    test('writes one after the other add up', async () => {
      const { output, readBack } = await opened()
      const chunks = [1, 2, 3].map(n => chunkOf([documentOf({ n })]))
      for (const chunk of chunks) await output.write([chunk], never)
      expect((await readBack()).sort()).toEqual(linesOf(chunks).sort())
    })

    test(`a chunk that comes a second time is ${harness.repeats}`, async () => {
      const { output, readBack } = await opened()
      const chunk = chunkOf([1, 2, 3].map(n => documentOf({ n })))
      await output.write([chunk], never)
      const counted = harness.repeats === 'counted'
      expect(await output.write([chunk], never)).toMatchObject({ ...nothing, duplicates: counted ? 3 : 0 })
      expect(await readBack()).toHaveLength(counted ? 3 : 6)
    })

    test('a large chunk arrives whole', async () => {
      const { output, readBack } = await opened()
      const documents = Array.from({ length: 3000 }, (_, n) => documentOf({ n, text: 'x'.repeat(1000) }))
      const chunk = chunkOf(documents, { tables: ['DeviceEvents', 'EmailEvents', 'DeviceEvents'] })
      expect(await output.write([chunk], never)).toMatchObject(nothing)
      expect(new Set(await readBack())).toEqual(new Set(linesOf([chunk])))
    })

    test('a write that is aborted settles, and what it calls delivered is in the target', async () => {
      const { output, readBack } = await opened()
      const chunk = chunkOf(Array.from({ length: 500 }, (_, n) => documentOf({ n })))
      const abort = new AbortController()
      const write = output.write([chunk], abort.signal)
      abort.abort()
      const delivery = await write
      const there = new Set(await readBack())
      for (const line of deliveredLines(chunk, delivery)) expect(there).toContain(line)
    })

    test('a write after the abort settles at once', async () => {
      const { output } = await opened()
      const delivery = await output.write([chunkOf([documentOf()])], AbortSignal.abort())
      expect(delivery.rejected).toEqual([])
    })
  })
}

function linesOf(chunks: readonly Chunk[]): string[] {
  return chunks.flatMap(chunk => chunk.ids.map((_, index) => lineOf(chunk, index)))
}

function lineOf(chunk: Chunk, index: number): string {
  return Buffer.from(documentBytes(chunk, index)).toString().slice(0, -1)
}

function deliveredLines(chunk: Chunk, delivery: Delivery): string[] {
  const open = new Set([...delivery.retry, ...delivery.rejected.map(({ index }) => index)])
  return chunk.ids.flatMap((_, index) => (open.has(index) ? [] : [lineOf(chunk, index)]))
}

/** The chunk with a piece of its text replaced, for values that JavaScript cannot write. */
function withText(chunk: Chunk, from: string, to: string): Chunk {
  const lines = chunk.ids.map((_, index) => Buffer.from(`${lineOf(chunk, index).replace(from, to)}\n`))
  let end = 0
  return { ...chunk, lines: Buffer.concat(lines), ends: Uint32Array.from(lines, line => (end += line.length)) }
}
