import { expect, test } from 'vitest'
import { HeldPositions, type HeldText } from '../../src/storage/cursors.ts'
import { formatPositions } from '../../src/storage/positions-text.ts'

const at = (sequenceNumber: number) => ({ sequenceNumber, offset: `state ${sequenceNumber}` })

/** A text whose writes end as they are told, in turn; then they are written. */
class Text implements HeldText {
  text: string | undefined
  outcomes: ('conflict' | 'lost' | Error)[] = []
  writes = 0
  async read() {
    return this.text
  }
  async write(text: string) {
    this.writes += 1
    const outcome = this.outcomes.shift()
    if (outcome instanceof Error) throw outcome
    if (outcome === undefined) this.text = text
    return outcome ?? 'written'
  }
}

test('a write that was given up and arrived late is read again, and never undoes what is newer', async () => {
  const text = new Text()
  const positions = new HeldPositions(text, 'the blob x')
  await positions.checkpoint(at(1))
  text.text = formatPositions({ checkpoint: at(5), lanes: new Map([['siem', at(1)]]) })
  text.outcomes = ['conflict']
  expect(await positions.checkpoint(at(4))).toBe('stale')
  text.outcomes = ['conflict']
  expect(await positions.checkpoint(at(6))).toBe('written')
  expect(await positions.read()).toEqual({ checkpoint: at(6), lanes: new Map([['siem', at(1)]]) })
})

test('after a write without an answer it is read which text stands', async () => {
  const text = new Text()
  const positions = new HeldPositions(text, 'the blob x')
  await positions.checkpoint(at(1))
  text.outcomes = [new Error('no answer')]
  await expect(positions.checkpoint(at(2))).rejects.toThrow('no answer')
  text.text = formatPositions({ checkpoint: at(2), lanes: new Map() })
  expect((await positions.read()).checkpoint).toEqual(at(2))
  expect(await positions.checkpoint(at(2))).toBe('written')
  expect(text.writes).toBe(2)
})

test('a right that is lost is no failure, and one that is in dispute for ever is', async () => {
  const text = new Text()
  const positions = new HeldPositions(text, 'the blob x')
  text.outcomes = ['lost', ...Array<'conflict'>(5).fill('conflict')]
  expect(await positions.checkpoint(at(1))).toBe('stale')
  await expect(positions.checkpoint(at(1))).rejects.toMatchObject({ kind: 'positions_contended' })
})

test.each([
  ['{', 'it is not JSON'],
  ['{"version":2}', 'version'],
  ['{"version":1,"outputs":{},"checkpoint":{"sequence_number":"1","state":"x"}}', 'a position needs'],
  ['{"version":1,"outputs":{"siem":{"sequence_number":1}}}', 'a position needs'],
  ['{"version":1}', 'does not hold positions'],
  ['null', 'does not hold positions'],
])('%s is no positions, and said so with its place', async (content, reason) => {
  const text = new Text()
  text.text = content
  const read = new HeldPositions(text, 'the blob x').read()
  await expect(read).rejects.toMatchObject({ kind: 'checkpoint_unreadable', message: expect.stringContaining(reason) })
  await expect(read).rejects.toMatchObject({ message: expect.stringContaining('the blob x') })
})
