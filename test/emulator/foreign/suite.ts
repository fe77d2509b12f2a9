import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Hub, startHub } from '../../../src/emulator/hub/hub.ts'
import { read } from '../hub-support.ts'
import type { ForeignClient } from './clients.ts'

interface Received {
  readonly events: readonly {
    readonly sequenceNumber: number
    readonly offset: string
    readonly partitionKey: string | null
    readonly digest: string
  }[]
  /** Of the partition, as the hub told with the last event; where the SDK can ask for that. */
  readonly lastSequenceNumber?: number
  readonly lastOffset?: string
}

type Start = 'earliest' | 'latest' | { readonly offset: string } | { readonly sequenceNumber: number }

interface Reading {
  readonly start?: Start
  readonly inclusive?: boolean
  readonly count: number
}

/** What an SDK of another language has to be able to do with the embedded hub. */
export function foreignSuite(name: string, command: ForeignClient | undefined, told: { progress: boolean }): void {
  describe.skipIf(command === undefined)(`the ${name} SDK and the embedded hub`, () => {
    const ask = (hub: Hub, request: object) =>
      answerOf(command!, { connection_string: hub.connectionString(), hub: 'xdr', ...request })
    const receive = async (hub: Hub, { start = 'earliest', inclusive = false, count }: Reading): Promise<Received> =>
      (await ask(hub, { operation: 'receive', partition: '0', start, inclusive, count })) as Received
    const numbers = ({ events }: Received) => events.map(({ sequenceNumber }) => sequenceNumber)

    test('what it sends by partition, by key and as a batch arrives in order', async () => {
      const hub = await freshHub()
      await ask(hub, { operation: 'send' })
      const [first, second] = [reading(hub, '0'), reading(hub, '1')]
      await expect.poll(() => first.events.length + second.events.length, { timeout: 10_000 }).toBe(8)
      const bodies = [first, second].map(({ events }) => events.map(({ body }) => String(body)))
      expect(bodies[0]!.filter(body => body === 'single')).toHaveLength(1)
      expect(bodies[1]!.filter(body => body.startsWith('list'))).toEqual(['list-0', 'list-1', 'list-2'])
      const keyed = [first, second].flatMap(({ events }) => events.filter(event => event.partitionKey === 'device-1'))
      expect(keyed.map(({ body, properties }) => [String(body), properties?.number])).toEqual([
        ['keyed-0', 0],
        ['keyed-1', 1],
        ['keyed-2', 2],
      ])
      expect(bodies.flat()).toContain('anywhere')
    })

    test('it reads the properties of the hub and of a partition', async () => {
      const hub = await freshHub()
      for (let n = 0; n < 3; n++) hub.append('xdr', '0', Buffer.from(`event ${n}`))
      const { lastOffset } = hub.partition('xdr', '0')
      expect(await ask(hub, { operation: 'properties' })).toEqual({
        name: 'xdr',
        partitionIds: ['0', '1'],
        beginSequenceNumber: 0,
        lastSequenceNumber: 2,
        lastOffset,
        isEmpty: false,
      })
    })

    test('it receives 2,500 events from the earliest on, whether or not it settles them', async () => {
      const hub = await freshHub()
      const bodies = Array.from({ length: 2500 }, (_, n) => Buffer.from(`event ${n}`))
      for (const body of bodies) hub.append('xdr', '0', body, { partitionKey: 'a key' })
      const received = await receive(hub, { count: bodies.length })
      expect(numbers(received)).toEqual(bodies.map((_, n) => n))
      expect(received.events.map(({ digest }) => digest)).toEqual(bodies.map(digestOf))
      expect(new Set(received.events.map(({ partitionKey }) => partitionKey))).toEqual(new Set(['a key']))
      const { lastOffset } = hub.partition('xdr', '0')
      expect(received.events.at(-1)!.offset).toBe(lastOffset)
      if (told.progress) expect(received).toMatchObject({ lastSequenceNumber: 2499, lastOffset })
    })

    test('it receives 300 events of 282 KB, more than any window holds at once', async () => {
      const hub = await freshHub()
      const body = Buffer.alloc(282_000, 'a line of a Defender record ')
      for (let n = 0; n < 300; n++) hub.append('xdr', '0', body)
      const received = await receive(hub, { count: 300 })
      expect(numbers(received)).toEqual(Array.from({ length: 300 }, (_, n) => n))
      expect(new Set(received.events.map(({ digest }) => digest))).toEqual(new Set([digestOf(body)]))
    })

    test('it starts where it asks to: after or at an offset, after a sequence number', async () => {
      const hub = await freshHub()
      for (let n = 0; n < 10; n++) hub.append('xdr', '0', Buffer.from(`event ${n}`))
      const { events } = await receive(hub, { count: 10 })
      const { offset } = events[6]!
      expect(numbers(await receive(hub, { start: { offset }, count: 3 }))).toEqual([7, 8, 9])
      expect(numbers(await receive(hub, { start: { offset }, inclusive: true, count: 4 }))).toEqual([6, 7, 8, 9])
      expect(numbers(await receive(hub, { start: { sequenceNumber: 4 }, count: 5 }))).toEqual([5, 6, 7, 8, 9])
    })

    test('from the latest on it receives only what comes after it has attached', async () => {
      const hub = await freshHub()
      hub.append('xdr', '0', Buffer.from('too early'))
      const receiving = receive(hub, { start: 'latest', count: 1 })
      await expect.poll(() => hub.receivers().length, { timeout: 20_000 }).toBe(1)
      hub.append('xdr', '0', Buffer.from('in time'))
      expect((await receiving).events).toMatchObject([{ sequenceNumber: 1, digest: digestOf(Buffer.from('in time')) }])
      await expect.poll(() => hub.connections()).toBe(0)
    })
  })
}

async function freshHub(): Promise<Hub> {
  const hub = await startHub({ hubs: [{ name: 'xdr', partitions: 2 }] })
  onTestFinished(() => hub.stop())
  return hub
}

/** By the JavaScript SDK, which is the one that xdrelay uses. */
function reading(hub: Hub, partition: string) {
  return read(hub.connectionString('xdr'), partition, { skipParsingBodyAsJson: true })
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

async function answerOf([program, ...args]: ForeignClient, request: object): Promise<unknown> {
  const child = spawn(program!, args, { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.end(JSON.stringify(request))
  const [answer, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (answer === '') throw new Error(`${program} failed: ${complaints}`)
  return JSON.parse(answer)
}
