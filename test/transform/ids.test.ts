import { describe, expect, test } from 'vitest'
import type { Origin } from '../../src/core/types.ts'
import { createRunner } from '../../src/transform/batch.ts'
import { batch, message, options, origin, plainMapper, record, run } from './support/batches.ts'

function positionIds(body: string, changes: Partial<Origin> = {}): readonly string[] {
  return createRunner(options, () => plainMapper)({ ...batch(body), origin: { ...origin, ...changes } }).ids
}

function contentIds(...records: unknown[]): readonly string[] {
  return run([message(...records)], { ids: 'content' }).chunk.ids
}

describe('ids by position', () => {
  test('name partition, sequence number and record, gaps included', () => {
    const ids = positionIds(message(record(), null, record()))
    expect(ids.map(id => id.split('-').slice(1))).toEqual([
      ['3', '100', '0'],
      ['3', '100', '2'],
    ])
  })

  test('E19: are the same for the same position, and differ where the content is the same', () => {
    const [first, second] = run([message(record()), message(record())]).chunk.ids
    expect(first).not.toBe(second)
    expect(run([message(record()), message(record())]).chunk.ids).toEqual([first, second])
  })

  test('never change: what is in a target already must be found again', () => {
    expect(positionIds(message(record()))).toEqual(['2gomg70cksvxl-3-100-0'])
  })

  test('do not depend on the consumer group, the source name or the case of names in Azure', () => {
    const changes = {
      consumerGroup: 'other',
      source: 'other',
      namespace: 'CONTOSO.servicebus.windows.net',
      eventHub: 'Defender',
    }
    expect(positionIds(message(record()), changes)).toEqual(positionIds(message(record())))
  })

  test.each([{ namespace: 'fabrikam.servicebus.windows.net' }, { eventHub: 'other' }, { partitionId: '4' }])(
    'differ for %j',
    change => {
      expect(positionIds(message(record()), change)).not.toEqual(positionIds(message(record())))
    },
  )

  test('are safe in file names, URLs and as arguments, whatever the partition is called', () => {
    const ids = ['0', '../..', 'ä b?', 'x'.repeat(1000)].flatMap(partitionId =>
      positionIds(message(record()), { partitionId }),
    )
    for (const id of ids) expect(id).toMatch(/^[a-z0-9][A-Za-z0-9_-]{10,100}$/)
  })
})

describe('ids by content', () => {
  test('are the same whatever the order of keys, the spelling and what the service adds on the way', () => {
    const a = '{"category":"x","tenantId":"t","time":"1","properties":{"a":1.50,"b":{"c":"\\u0041","d":[1,2]}}}'
    const b = '{"properties":{"b":{"d":[1,2],"c":"A"},"a":15e-1},"tenantId":"t","category":"x","time":"2"}'
    const { ids } = run([`{"records":[${a},${b}]}`], { ids: 'content' }).chunk
    expect(ids[0]).toBe(ids[1])
    expect(ids[0]).toMatch(/^[a-z0-9]{25}$/)
  })

  test.each([
    [record({ a: 1 }), record({ a: 2 })],
    [record({ a: 1 }), record({ a: '1' })],
    [record({ a: [1, 2] }), record({ a: [2, 1] })],
    [record({ a: [1] }), record({ a: { 0: 1 } })],
    [record({ a: null }), record({})],
    [record({}, 'a'), record({}, 'b')],
    [record(), { ...record(), tenantId: 'other' }],
    [record(), { ...record(), tenantId: undefined }],
  ])('differ between %j and %j', (a, b) => {
    const [first, second] = contentIds(a, b)
    expect(first).not.toBe(second)
  })

  test('tell numbers apart that a double cannot', () => {
    const body =
      '{"records":[{"category":"x","properties":{"a":9007199254740993}},{"category":"x","properties":{"a":9007199254740992}}]}'
    const { ids } = run([body], { ids: 'content' }).chunk
    expect(ids[0]).not.toBe(ids[1])
  })

  test('cost a record that is nested too deep for them, and no other', () => {
    const deep = `{"category":"x","properties":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`
    const { chunk, rejects } = run([`{"records":[${deep},${JSON.stringify(record())}]}`], { ids: 'content' })
    expect([...chunk.record]).toEqual([1])
    expect(rejects).toMatchObject([{ reason: 'too_deep', recordIndex: 0 }])
  })
})
