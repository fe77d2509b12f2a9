import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import {
  checkpointOptions,
  fill,
  hubOptions,
  numbers,
  restartsIn,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

describe('rewinding', () => {
  test('restart reads again from the lowest position, and nothing comes between', async () => {
    const hub = await startTestHub(2)
    const checkpoints = checkpointOptions(storage)
    const { source, sink, metrics } = await startTestSource(hubOptions(hub), checkpoints)
    for (const partition of ['0', '1']) fill(hub, partition, 10)
    await until(() => sink.count === 20)
    const cursorAt = (stream: string, index: number) => {
      const { sequenceNumber, offset } = sink.batches
        .filter(batch => batch.stream === stream)
        .flatMap(batch => batch.messages)[index]!
      return { sequenceNumber, offset }
    }
    for (const stream of ['xdr/0', 'xdr/1']) await source.checkpoint(stream, cursorAt(stream, 9))
    expect(await source.saveLanePosition('my archive/1', 'xdr/0', cursorAt('xdr/0', 3))).toBe('written')
    expect(await source.positions('xdr/0')).toEqual({
      checkpoint: cursorAt('xdr/0', 9),
      lanes: new Map([['my archive/1', cursorAt('xdr/0', 3)]]),
    })
    let inSettled = false
    await source.restart(async () => {
      fill(hub, '1', 2)
      await sleep(1500)
      inSettled = sink.count > 20
    })
    expect(inSettled).toBe(false)
    await until(() => sink.count === 28)
    expect(sink.sequence('xdr/0').slice(10)).toEqual(numbers(4, 9))
    expect(sink.sequence('xdr/1').slice(10)).toEqual([10, 11])
    const values = await restartsIn(metrics)
    expect(values.map(({ labels, value }) => [labels.partition, labels.reason, value]).toSorted()).toEqual([
      ['0', 'rewind', 1],
      ['1', 'rewind', 1],
    ])
    await source.clearLanePosition('my archive/1', 'xdr/0')
    expect((await source.positions('xdr/0')).lanes.size).toBe(0)
    expect(sink.lostStreams).toEqual([])
  })

  test('a restart that cannot settle leaves everything as it was', async () => {
    const hub = await startTestHub(1)
    const { source, sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    fill(hub, '0', 3)
    await until(() => sink.count === 3)
    await expect(source.restart(() => Promise.reject(new Error('not now')))).rejects.toThrow('not now')
    fill(hub, '0', 3)
    await until(() => sink.count === 6)
    expect(sink.sequence('xdr/0')).toEqual(numbers(0, 5))
  })
})
