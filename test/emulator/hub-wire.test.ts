/** What clients of other languages need of the wire, which the JavaScript SDK would not notice. */
import { createHmac } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import {
  type AmqpValue,
  amqp,
  decodeFrame,
  decodeSections,
  encode,
  encodeFrame,
  type Frame,
  type Plain,
  performative,
  plain,
  section,
} from '../../src/emulator/hub/codec.ts'
import type { Hub } from '../../src/emulator/hub/hub.ts'
import { hubForTest, json, until } from './hub-support.ts'

const selector = 'apache.org:selector-filter:string'
const receiverPath = (partition: string) => `xdr/ConsumerGroups/$Default/Partitions/${partition}`

/** A client that says exactly what it is told to, and keeps every frame it gets. */
class RawClient {
  readonly frames: Frame[] = []
  closed = false
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('close', () => {
      this.closed = true
    })
    this.#socket.on('error', () => {})
    this.#socket.on('data', bytes => this.#onData(bytes as Buffer))
    onTestFinished(() => void this.#socket.destroy())
  }

  send(channel: number, code: number, fields: (AmqpValue | undefined)[], payload: Buffer = Buffer.alloc(0)): void {
    const frame = encodeFrame(channel, code, fields)
    frame.writeUInt32BE(frame.length + payload.length)
    this.#socket.write(Buffer.concat([frame, payload]))
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  of(code: number): Frame[] {
    return this.frames.filter(frame => frame.code === code)
  }

  async next(code: number, count = 1): Promise<Frame> {
    await until(() => this.of(code).length).toBeGreaterThanOrEqual(count)
    return this.of(code)[count - 1]!
  }

  #onData(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    for (;;) {
      const header = this.#received.toString('latin1', 0, 4) === 'AMQP'
      if (this.#received.length < 8) return
      const size = header ? 8 : this.#received.readUInt32BE()
      if (this.#received.length < size) return
      if (!header) this.frames.push(decodeFrame(this.#received.subarray(0, size)))
      this.#received = this.#received.subarray(size)
    }
  }
}

function token(hub: Hub, key: string): string {
  const resource = encodeURIComponent(`sb://127.0.0.1:${hub.port}/xdr`)
  const expiry = Math.floor(Date.now() / 1000) + 3600
  const signature = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64')
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=Root`
}

function attachFields(
  name: string,
  handle: number,
  receives: boolean,
  more: (AmqpValue | undefined)[],
): (AmqpValue | undefined)[] {
  return [amqp.string(name), amqp.uint(handle), amqp.boolean(receives), ...more]
}

const source = (address: string, filter?: string): AmqpValue => {
  const fields = [amqp.string(address), ...Array.from({ length: 6 }, amqp.null)]
  if (filter) fields.push(amqp.symbolicMap({ [selector]: amqp.described(0x468c00000004, amqp.string(filter)) }))
  return amqp.described(0x28, amqp.list(fields))
}
const target = (address: string): AmqpValue => amqp.described(0x29, amqp.list([amqp.string(address)]))
const flowFields = (incoming: number, window: number, link: number[] = []): AmqpValue[] =>
  [incoming, window, 0, 100, ...link].map(amqp.uint)

function requestMessage(properties: Record<string, AmqpValue>, body: AmqpValue, replyTo?: string): Buffer {
  const fields = [amqp.ulong(7), amqp.null(), amqp.null(), amqp.null(), replyTo ? amqp.string(replyTo) : amqp.null()]
  return encode([
    amqp.described(section.properties, amqp.list(fields)),
    amqp.described(section.applicationProperties, amqp.map(properties)),
    amqp.described(section.value, body),
  ])
}

const transferFields = (handle: number, id: number): AmqpValue[] => [amqp.uint(handle), amqp.uint(id), amqp.string('t')]

/** A connection with an open session and a token, `$cbs` on handles 100 and 101. */
async function session(
  hub: Hub,
  options: { window?: number; maxFrame?: number; replyTo?: string } = {},
): Promise<RawClient> {
  const client = new RawClient(hub.port)
  client.write('AMQP\x03\x01\0\0')
  client.send(0, performative.saslInit, [amqp.symbol('ANONYMOUS')])
  client.write('AMQP\0\x01\0\0')
  client.send(0, performative.open, [amqp.string('raw'), undefined, amqp.uint(options.maxFrame ?? 65_536)])
  client.send(0, performative.begin, [undefined, ...[0, options.window ?? 5000, 100].map(amqp.uint)])
  const { replyTo } = options
  client.send(
    0,
    performative.attach,
    attachFields('ask', 100, false, [undefined, undefined, source('me'), target('$cbs')]),
  )
  const back = replyTo === undefined ? undefined : target(replyTo)
  client.send(0, performative.attach, attachFields('answer', 101, true, [undefined, undefined, source('$cbs'), back]))
  client.send(0, performative.flow, flowFields(0, options.window ?? 5000, [101, 0, 10]))
  const name = amqp.string('sb://127.0.0.1/xdr')
  const put = { operation: amqp.string('put-token'), type: amqp.string('servicebus.windows.net:sastoken'), name }
  const message = requestMessage(put, amqp.string(token(hub, 'a2V5')), replyTo)
  client.send(0, performative.transfer, transferFields(100, 0), message)
  await client.next(performative.transfer)
  return client
}

const rawHub = () => hubForTest({ keyName: 'Root', key: 'a2V5' })

function sectionsOf(frame: Frame): Map<number, Plain> {
  return new Map(decodeSections(frame.payload!).map(({ code, value }) => [code, plain(value)]))
}

test('every performative carries all of its fields, so that clients may index by position', async () => {
  const hub = await rawHub()
  hub.append('xdr', '0', json(1))
  const client = await session(hub)
  client.send(
    0,
    performative.attach,
    attachFields('r', 0, true, [undefined, undefined, source(receiverPath('0')), undefined]),
  )
  client.send(0, performative.flow, flowFields(1, 5000, [0, 0, 5]))
  const event = await client.next(performative.transfer, 2)
  const count = async (code: number) => (await client.next(code)).fields.length
  expect(await count(performative.open)).toBe(10)
  expect(await count(performative.begin)).toBe(8)
  expect(await count(performative.attach)).toBe(14)
  expect(await count(performative.flow)).toBe(11)
  expect(event.fields.length).toBe(11)
  const [, , maxFrame, channelMax] = (await client.next(performative.open)).fields
  expect([maxFrame, channelMax]).toEqual([65_536, 4999])
  const begin = (await client.next(performative.begin)).fields
  expect(begin[4]).toBe(255)
  expect(begin[3]).toBeLessThan(1500)
})

test('an attach is answered with source, target, size limit and the settle modes that were asked for', async () => {
  const hub = await rawHub()
  const client = await session(hub)
  const filter = "amqp.annotation.x-opt-offset > '-1'"
  const modes = [amqp.ubyte(1), amqp.ubyte(1)]
  client.send(0, performative.attach, attachFields('r', 0, true, [...modes, source(receiverPath('0'), filter)]))
  client.send(0, performative.attach, attachFields('s', 1, false, [amqp.ubyte(0), undefined, undefined, target('xdr')]))
  await client.next(performative.attach, 4)
  for (const { fields } of client.of(performative.attach)) {
    expect([fields[5], fields[6]].map(end => String((end as Plain[])[0]))).not.toContain('')
    expect(fields[10]).toBeGreaterThan(0)
  }
  const [receiver, sender] = client.of(performative.attach).slice(2)
  expect(receiver!.fields.slice(0, 5)).toEqual(['r', 0, false, 1, 1])
  expect((receiver!.fields[5] as Plain[])[7]).toEqual({ [selector]: filter })
  expect(receiver!.fields[9]).toBe(0)
  expect(sender!.fields.slice(0, 5)).toEqual(['s', 1, true, 0, 0])
  expect((await client.next(performative.flow, 2)).fields.slice(4, 7)).toEqual([1, 0, 1000])
})

test.each(['where-i-listen', undefined])('responses go to reply-to %s, settled, with exact types', async replyTo => {
  const hub = await rawHub()
  const client = await session(hub, replyTo === undefined ? {} : { replyTo })
  const response = await client.next(performative.transfer)
  expect(response.fields[0]).toBe(101)
  expect(response.fields[4]).toBe(true)
  const sections = decodeSections(response.payload!)
  const status = sections.find(({ code }) => code === section.applicationProperties)!.value
  expect(plain(status)).toMatchObject({ 'status-code': 202 })
  const typeCode = (status.value as AmqpValue[])[1]!.type.typecode
  expect([0x71, 0x54]).toContain(typeCode)
  expect((sectionsOf(response).get(section.properties) as Plain[])[5]).toBe(7)
})

test('properties of hubs and partitions have the exact types that Go checks', async () => {
  const hub = await rawHub()
  hub.append('xdr', '0', json(1))
  const client = await session(hub)
  const management = [undefined, undefined, source('$management'), target('back')]
  client.send(0, performative.attach, attachFields('m1', 0, true, management))
  client.send(
    0,
    performative.attach,
    attachFields('m2', 1, false, [undefined, undefined, source('me'), target('$management')]),
  )
  client.send(0, performative.flow, flowFields(1, 5000, [0, 0, 5]))
  const ask = (type: string, id: number) => {
    const question = { operation: 'READ', name: 'xdr', type: `com.microsoft:${type}`, partition: '0' }
    const properties = Object.fromEntries(Object.entries(question).map(([key, value]) => [key, amqp.string(value)]))
    client.send(0, performative.transfer, transferFields(1, id), requestMessage(properties, amqp.null(), 'back'))
  }
  ask('eventhub', 1)
  ask('partition', 2)
  await client.next(performative.transfer, 3)
  const types = client
    .of(performative.transfer)
    .slice(1)
    .map(frame => typesOfBody(frame))
  expect(types[0]).toMatchObject({ created_at: 'Timestamp', partition_ids: 'Array32', name: 'Str8' })
  expect([types[0]!.partition_count, types[0]!.georeplication_factor]).toEqual(['SmallInt', 'SmallInt'])
  expect(types[1]).toMatchObject({
    begin_sequence_number: 'SmallLong',
    last_enqueued_sequence_number: 'SmallLong',
    last_enqueued_offset: 'Str8',
    last_enqueued_time_utc: 'Timestamp',
  })
  expect(types[1]!.is_partition_empty).toBe('False')
})

function typesOfBody(frame: Frame): Record<string, string> {
  const body = decodeSections(frame.payload!).find(({ code }) => code === section.value)!
  const items = body.value.value as AmqpValue[]
  return Object.fromEntries(items.flatMap((item, i) => (i % 2 ? [] : [[String(item.value), items[i + 1]!.type.name]])))
}

test('events are sent settled, with typed annotations, only as far as the credit goes', async () => {
  const hub = await rawHub()
  for (let n = 0; n < 500; n++) hub.append('xdr', '0', json(n))
  const client = await session(hub)
  client.send(0, performative.attach, attachFields('r', 0, true, [amqp.ubyte(0), undefined, source(receiverPath('0'))]))
  client.send(0, performative.flow, flowFields(1, 5000, [0, 0, 3]))
  await client.next(performative.transfer, 4)
  client.send(0, performative.flow, flowFields(4, 5000, [0, 3, 2]))
  await client.next(performative.transfer, 6)
  await new Promise(resolve => setTimeout(resolve, 100))
  const events = client.of(performative.transfer).slice(1)
  expect(events.length).toBe(5)
  expect(events.every(frame => frame.fields[4] === true)).toBe(true)
  expect(events.map(frame => frame.fields[1])).toEqual([1, 2, 3, 4, 5])
  const annotations = decodeSections(events[4]!.payload!)[0]!
  expect(annotations.code).toBe(section.messageAnnotations)
  const items = annotations.value.value as AmqpValue[]
  const types = items.map(item => item.type.name)
  expect(types).toEqual(['Sym8', 'SmallLong', 'Sym8', 'Str8', 'Sym8', 'Timestamp'])
  expect(plain(annotations.value)).toMatchObject({ 'x-opt-sequence-number': 4 })
})

test('a session flow without a link lets waiting events go, and no transfer passes the window', async () => {
  const hub = await rawHub()
  for (let n = 0; n < 10; n++) hub.append('xdr', '0', Buffer.alloc(1200, 'x'))
  // Frames of 512 bytes: three for an event, so a window of four takes one event.
  const client = await session(hub, { window: 4, maxFrame: 512 })
  client.send(0, performative.attach, attachFields('r', 0, true, [undefined, undefined, source(receiverPath('0'))]))
  client.send(0, performative.flow, flowFields(1, 4, [0, 0, 100]))
  await client.next(performative.transfer, 4)
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(client.of(performative.transfer).length).toBe(4)
  client.send(0, performative.flow, flowFields(4, 7))
  await client.next(performative.transfer, 10)
  const frames = client.of(performative.transfer).slice(1)
  expect(frames.map(frame => frame.fields[5])).toEqual([true, true, false, true, true, false, true, true, false])
  const whole = Buffer.concat(frames.slice(0, 3).map(frame => frame.payload!))
  expect(plain(decodeSections(whole).at(-1)!.value)).toEqual(Buffer.alloc(1200, 'x'))
})

test('a drain gives back the credit that there are no events for', async () => {
  const hub = await rawHub()
  hub.append('xdr', '0', json(1))
  const client = await session(hub)
  client.send(0, performative.attach, attachFields('r', 0, true, [undefined, undefined, source(receiverPath('0'))]))
  client.send(0, performative.flow, [...flowFields(1, 5000, [0, 0, 10]), undefined, amqp.boolean(true)])
  const flow = await client.next(performative.flow, 2)
  expect(client.of(performative.transfer).length).toBe(2)
  expect(flow.fields.slice(4, 9)).toEqual([0, 10, 0, null, true])
})

test('late and repeated frames of a closing peer are ignored, and the other links live on', async () => {
  const hub = await rawHub()
  const client = await session(hub)
  client.send(1, performative.begin, [undefined, ...[0, 5000, 100].map(amqp.uint)])
  client.send(1, performative.attach, attachFields('gone', 0, true, [undefined, undefined, source(receiverPath('0'))]))
  client.send(0, performative.attach, attachFields('stays', 0, true, [undefined, undefined, source(receiverPath('1'))]))
  client.send(0, performative.flow, flowFields(1, 5000, [0, 0, 10]))
  await until(() => hub.receivers().length).toBe(2)
  for (const channel of [1, 1, 7]) {
    client.send(channel, performative.detach, [amqp.uint(0), amqp.boolean(true)])
    client.send(channel, performative.end, [])
    client.send(channel, performative.disposition, [amqp.boolean(true), amqp.uint(0), amqp.uint(9), amqp.boolean(true)])
    client.send(channel, performative.flow, flowFields(0, 5000, [0, 0, 10]))
    client.send(channel, performative.transfer, transferFields(0, 5), Buffer.from('late'))
    client.send(channel, performative.detach, [amqp.uint(0), amqp.boolean(true)])
  }
  client.send(0, performative.detach, [amqp.uint(55), amqp.boolean(true)])
  client.send(0, performative.flow, flowFields(1, 5000, [55, 0, 10]))
  client.send(0, performative.transfer, transferFields(55, 5), Buffer.from('late'))
  hub.append('xdr', '1', json('alive'))
  const event = await client.next(performative.transfer, 2)
  expect(sectionsOf(event).get(section.data)).toEqual(json('alive'))
  expect(hub.receivers()).toMatchObject([{ name: 'stays' }])
  expect(client.closed).toBe(false)
})

test('without a token there is no link to a hub', async () => {
  const hub = await rawHub()
  const client = new RawClient(hub.port)
  client.write('AMQP\0\x01\0\0')
  client.send(0, performative.open, [amqp.string('raw')])
  client.send(0, performative.begin, [undefined, ...[0, 5000, 100].map(amqp.uint)])
  client.send(0, performative.attach, attachFields('r', 0, true, [undefined, undefined, source(receiverPath('0'))]))
  const detach = await client.next(performative.detach)
  expect(detach.fields[2]).toMatchObject(['amqp:unauthorized-access', expect.stringContaining("'Listen' claim"), null])
})

test('a message sent in pieces, an aborted one and bytes that are no message are told apart', async () => {
  const hub = await rawHub()
  const client = await session(hub)
  client.send(
    0,
    performative.attach,
    attachFields('s', 0, false, [undefined, undefined, source('me'), target('xdr/Partitions/1')]),
  )
  const whole = encode([amqp.described(section.value, amqp.string('whole'))])
  const piece = (id: number, bytes: Buffer, more: boolean, aborted = false) => {
    const rest = [amqp.uint(0), undefined, amqp.boolean(more), undefined, undefined, undefined, amqp.boolean(aborted)]
    client.send(0, performative.transfer, [...transferFields(0, id), ...rest], bytes)
  }
  piece(1, whole.subarray(0, 4), true)
  piece(1, whole.subarray(4), false)
  piece(2, whole.subarray(0, 4), true)
  piece(2, Buffer.alloc(0), false, true)
  piece(3, Buffer.from('garbage'), false)
  await client.next(performative.disposition, 4)
  expect(hub.depth('xdr', '1')).toBe(1)
  const [, , , , outcome] = client.of(performative.disposition).find(frame => frame.fields[1] === 3)!.fields
  expect(outcome).toMatchObject([['amqp:decode-error', expect.any(String), null]])
})

test('bytes that are not AMQP end their own connection only', async () => {
  const hub = await rawHub()
  const good = await session(hub)
  const bad = new RawClient(hub.port)
  bad.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await until(() => bad.closed).toBe(true)
  expect([good.closed, hub.connections()]).toEqual([false, 1])
})

test('a peer that names an idle time-out gets heartbeats', async () => {
  const hub = await rawHub()
  const client = new RawClient(hub.port)
  client.write('AMQP\0\x01\0\0')
  client.send(0, performative.open, [amqp.string('raw'), undefined, undefined, undefined, amqp.uint(40)])
  await until(() => client.frames.filter(frame => frame.code === undefined).length).toBeGreaterThan(2)
})

test('frozen connections hang without an end, and new ones work', async () => {
  const hub = await rawHub()
  hub.append('xdr', '0', json(1))
  const client = await session(hub)
  const before = client.frames.length
  hub.faults.freezeConnections()
  client.send(0, performative.attach, attachFields('r', 0, true, [undefined, undefined, source(receiverPath('0'))]))
  await session(hub)
  expect([client.closed, client.frames.length, hub.connections()]).toEqual([false, before, 2])
})
