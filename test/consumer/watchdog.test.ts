import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import {
  checkpointOptions,
  fill,
  hubName,
  hubOptions,
  restartsIn,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'
import { TcpGate } from '../support/tcp-gate.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

describe('H8: a silent partition', () => {
  test('is noticed by what the hub says of it, and read anew', async () => {
    const hub = await startTestHub(2)
    const options = hubOptions(hub, { stallAfter: 2000 })
    const { sink, metric, metrics, fatal } = await startTestSource(options, checkpointOptions(storage))
    await until(() => hub.receivers().length === 2)
    const heal = hub.faults.silence({ partition: '0' })
    fill(hub, '0', 3)
    fill(hub, '1', 3)
    await until(() => sink.count === 3)
    await expect.poll(() => metric('partition_restarts_total')).toBeGreaterThan(0)
    heal()
    await until(() => sink.count === 6)
    expect(sink.sequence('xdr/1')).toEqual([0, 1, 2])
    const values = await restartsIn(metrics)
    expect(new Map(values.map(({ labels }) => [labels.partition, labels.reason]))).toEqual(
      new Map([
        ['0', 'stalled'],
        ['1', 'neighbour'],
      ]),
    )
    expect(fatal).toEqual([])
  })

  test('is given up after several new connections, with a code of its own', async () => {
    const hub = await startTestHub(1)
    const options = hubOptions(hub, { stallAfter: 500 })
    const { fatal } = await startTestSource(options, checkpointOptions(storage))
    hub.faults.silence()
    fill(hub, '0', 1)
    await until(() => fatal.length > 0)
    expect(fatal[0]!.kind).toBe('source_stalled')
  })

  test('a partition that has nothing new, or that waits for the sink, is not stalled', async () => {
    const hub = await startTestHub(3)
    const options = hubOptions(hub, { stallAfter: 400, maxBatch: 1 })
    const { sink, metric } = await startTestSource(options, checkpointOptions(storage))
    fill(hub, '0', 1)
    await until(() => sink.count === 1)
    sink.block()
    fill(hub, '1', 3)
    await sleep(3000)
    expect(await metric('partition_restarts_total')).toBe(0)
    sink.free()
    await until(() => sink.count === 4)
  })

  test('a hub that hangs as a whole is left alone until it answers', async () => {
    const hub = await startTestHub(1)
    const { sink, fatal } = await startTestSource(hubOptions(hub, { stallAfter: 1000 }), checkpointOptions(storage))
    await until(() => hub.receivers().length === 1)
    hub.faults.freezeConnections()
    fill(hub, '0', 2)
    await until(() => sink.count === 2, 40_000)
    expect(fatal).toEqual([])
  })
})

describe('G: a balancer that sleeps out its retries', () => {
  test('a hub that could not be reached is read within seconds once it can', async () => {
    const hub = await startTestHub(1)
    const wire = await TcpGate.start(`http://127.0.0.1:${hub.port}`)
    const text = hub.connectionString(hubName).replace(`:${hub.port}`, `:${new URL(wire.url).port}`)
    const options = hubOptions(hub, { connectionString: new Secret(text) })
    const { sink, lines, fatal, metrics } = await startTestSource(options, checkpointOptions(storage))
    fill(hub, '0', 2)
    await until(() => sink.count === 2)
    await wire.shut()
    // Until the pump has given up; from then on only the balancer can start it again, and that sleeps for 30 seconds.
    await until(() => lines.some(({ text, fields }) => text.startsWith('xdr/0:') && fields['error.code'] === 'XP2001'))
    fill(hub, '0', 2)
    await wire.open()
    await until(() => sink.count === 4, 15_000)
    expect(sink.sequence('xdr/0')).toEqual([0, 1, 2, 3])
    const values = await restartsIn(metrics)
    expect(values.map(({ labels, value }) => [labels.reason, value])).toEqual([['balancer', 1]])
    expect(fatal).toEqual([])
  })

  test('a new subscription gets its time to connect, also where each answer takes its time', async () => {
    const hub = await startTestHub(2)
    const wire = await startSlowWire(hub.port)
    const text = hub.connectionString(hubName).replace(`:${hub.port}`, `:${wire.port}`)
    const options = hubOptions(hub, {
      connectionString: new Secret(text),
      stallAfter: 5000,
      ownership: { renew: 1000, expiry: 6000 },
    })
    const { sink, metrics } = await startTestSource(options, checkpointOptions(storage))
    fill(hub, '0', 2)
    await until(() => sink.count === 2)
    wire.freeze()
    wire.delay = 200
    fill(hub, '0', 2)
    await until(() => sink.count === 4, 50_000)
    const values = await restartsIn(metrics)
    expect(new Set(values.map(({ labels, value }) => `${labels.reason} ${value}`))).toEqual(new Set(['balancer 1']))
  })
})

/** A port that leads to another one; what goes either way takes `delay` ms. Connections of before `freeze` hang. */
async function startSlowWire(target: number) {
  const wire = { port: 0, delay: 0, freeze: () => {} }
  const sockets = new Set<Socket>()
  const frozen = new WeakSet<Socket>()
  const server = createServer(near => {
    const far = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('data', data => setTimeout(() => frozen.has(one) || other.write(data), wire.delay))
      one.on('close', () => setTimeout(() => frozen.has(one) || other.destroy(), wire.delay))
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  wire.port = (server.address() as { port: number }).port
  wire.freeze = () => {
    for (const socket of sockets) frozen.add(socket)
  }
  return wire
}
