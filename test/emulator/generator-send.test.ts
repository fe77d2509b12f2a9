import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { generateCommand } from '../../src/cli/generate.ts'
import { Secret } from '../../src/core/secret.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { planMessages } from '../../src/emulator/generator/plan.ts'
import { openSender } from '../../src/emulator/generator/send.ts'
import { eventually } from '../support/eventually.ts'
import { hubForTest, type Reading, read } from './hub-support.ts'

const plain = { skipParsingBodyAsJson: true }
const options = { records: 950, recordsPerMessage: 100, partitions: 4, partitionBy: 'round-robin', broken: [] } as const

async function temporaryFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xdrelay-generate-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return join(directory, 'out.ndjson')
}

/** Runs the command; what it prints goes to the lists. */
async function generate(...args: string[]): Promise<{ out: string[]; err: string[] }> {
  const printed = { out: [] as string[], err: [] as string[] }
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(line => printed.out.push(String(line)) > 0)
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(line => printed.err.push(String(line)) > 0)
  try {
    await generateCommand()
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .parseAsync(args, { from: 'user' })
    return printed
  } finally {
    out.mockRestore()
    err.mockRestore()
  }
}

function records(readings: readonly Reading[]): { properties: Record<string, unknown> }[] {
  const bodies = readings.flatMap(reading => reading.events.map(({ body }) => String(body)))
  return bodies.flatMap(body => (JSON.parse(body) as { records: { properties: Record<string, unknown> }[] }).records)
}

test('a plan has as many records as asked for, spread over the partitions in turn', () => {
  const messages = [...planMessages(createGenerator({ seed: 1 }), options)]
  expect(messages.map(message => message.records)).toEqual([...Array<number>(9).fill(100), 50])
  expect(messages.map(message => message.partition)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1])
})

test('by device, all records of a device are in one partition, in order', () => {
  const generator = createGenerator({ seed: 1, tables: ['DeviceEvents'] })
  const partitionOf = new Map<string, number>()
  const times = new Map<string, string>()
  let total = 0
  for (const { body, records, partition } of planMessages(generator, { ...options, partitionBy: 'device' })) {
    total += records
    for (const { properties } of JSON.parse(new TextDecoder().decode(body)).records) {
      const { DeviceId: device, Timestamp: time } = properties as Record<string, string>
      expect(partitionOf.get(device!) ?? partition).toBe(partition)
      expect((times.get(device!) ?? '') < time!).toBe(true)
      partitionOf.set(device!, partition)
      times.set(device!, time!)
    }
  }
  expect(total).toBe(950)
  expect(new Set(partitionOf.values()).size).toBe(4)
})

test('broken messages are mixed in among the good ones and none is forgotten', () => {
  const generator = createGenerator({ seed: 1 })
  const wanted = generator.brokenMessages().filter(message => message.broken !== 'none')
  const messages = [...planMessages(generator, { ...options, broken: wanted })]
  const broken = messages.filter(message => message.broken)
  expect(broken.map(message => message.body)).toEqual(wanted.map(message => message.body))
  expect(messages[0]?.broken).toBe(false)
  expect(messages[2]?.broken).toBe(true)
  expect(messages.reduce((sum, message) => sum + message.records, 0)).toBe(950)
})

test('the command sends to a hub and says what it sent', async () => {
  const hub = await hubForTest()
  const args = ['--to', hub.connectionString(), '--hub', 'xdr', '--records', '450', '--seed', 's', '--json']
  const { out, err } = await generate(...args, '--broken')
  const broken = createGenerator({ seed: 's' })
    .brokenMessages()
    .filter(message => message.broken !== 'none')
  const summary = JSON.parse(out.join('')) as Record<string, number>
  expect(summary).toMatchObject({ records: 450, messages: 5 + broken.length, broken: broken.length })
  expect(err).toEqual([])
  const readings = ['0', '1'].map(partition => read(hub.connectionString('xdr'), partition, plain))
  const bodies = () => readings.flatMap(({ events }) => events.map(({ body }) => Buffer.from(body)))
  await eventually(() => expect(bodies()).toHaveLength(summary.messages!))
  const expected = [
    ...planMessages(createGenerator({ seed: 's' }), { ...options, records: 450, partitions: 2, broken }),
  ]
  const hex = (list: Uint8Array[]) => list.map(body => Buffer.from(body).toString('latin1')).sort()
  expect(hex(bodies())).toEqual(hex(expected.map(({ body }) => body)))
})

test('sent by device, the records of a device arrive in one partition', async () => {
  const hub = await hubForTest()
  const args = ['--to', hub.connectionString('xdr'), '--records', '300', '--tables', 'DeviceEvents:2,DeviceInfo']
  await generate(...args, '--partition-by', 'device', '--records-per-message', '20')
  const readings = ['0', '1'].map(partition => read(hub.connectionString('xdr'), partition, plain))
  await eventually(() => expect(records(readings)).toHaveLength(300))
  const [left, right] = readings.map(one => new Set(records([one]).map(({ properties }) => properties.DeviceId)))
  expect(left!.size).toBeGreaterThan(10)
  expect(right!.size).toBeGreaterThan(10)
  expect(left!.intersection(right!)).toEqual(new Set())
})

test('a hub that is not there is an error of its own, without the key', async () => {
  const hub = await hubForTest()
  const wrong = openSender(new Secret(hub.connectionString()), 'no-such-hub')
  await expect(wrong).rejects.toMatchObject({ kind: 'hub_not_found' })
})

test.each([
  ['that refuses connections', 'Endpoint=sb://127.0.0.1:1', /^127\.0\.0\.1: .*ECONNREFUSED/],
  ['that does not exist', 'Endpoint=sb://nosuch.invalid', /^nosuch\.invalid: ./],
])(
  'a host %s is an error within seconds, and says what happened',
  { timeout: 20_000 },
  async (_what, host, message) => {
    const to = `${host};SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true`
    await expect(openSender(new Secret(to), 'xdr')).rejects.toMatchObject({
      kind: 'hub_unreachable',
      message: expect.stringMatching(message),
    })
  },
)

test('a host that takes connections and says nothing is an error within seconds', { timeout: 20_000 }, async () => {
  const sockets: Socket[] = []
  const silent = createServer(socket => sockets.push(socket))
  await new Promise<void>(done => silent.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const to = `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true`
  await expect(openSender(new Secret(to), 'xdr')).rejects.toMatchObject({
    kind: 'hub_unreachable',
    message: expect.stringMatching(/^127\.0\.0\.1: ./),
  })
})

test('what the hub does not take is an error of the next send to that partition, or of flush', async () => {
  const hub = await hubForTest()
  const sender = await openSender(new Secret(hub.connectionString()), 'xdr')
  onTestFinished(() => sender.close())
  await sender.send(new Uint8Array(3_000_000), 1)
  await sender.send(Buffer.from('{}'), 0)
  await expect(sender.send(Buffer.from('{}'), 1)).rejects.toMatchObject({ kind: 'hub_failed' })
  await expect(sender.flush()).rejects.toMatchObject({ kind: 'hub_failed' })
})

test('the command writes messages or records, one a line', async () => {
  const [messages, single] = [await temporaryFile(), await temporaryFile()]
  const args = ['--records', '230', '--seed', '9']
  const { out } = await generate(...args, '--file', messages, '--json')
  expect(JSON.parse(out.join(''))).toMatchObject({ records: 230, messages: 3 })
  await generate(...args, '--file', single, '--format', 'records')
  const bodies = (await readFile(messages, 'utf8')).trimEnd().split('\n')
  const lines = (await readFile(single, 'utf8')).trimEnd().split('\n')
  expect(bodies).toHaveLength(3)
  expect(`{"records":[${lines.slice(0, 100).join()}]}`).toBe(bodies[0])
  expect(lines).toHaveLength(230)
})

test('a signal ends a slow run early, and what was made is counted', async () => {
  const file = await temporaryFile()
  const run = generate('--records', '100000', '--rate', '100', '--file', file, '--json')
  await eventually(async () => expect((await readFile(file)).length).toBeGreaterThan(0))
  process.emit('SIGTERM')
  const { out } = await run
  const { records, messages } = JSON.parse(out.join('')) as Record<string, number>
  expect(records).toBe(messages! * 100)
  expect(records).toBeLessThan(100_000)
  expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(messages!)
})

test.each([
  ['--to', 'Endpoint=sb://x', '--file', 'y'],
  ['--hub', 'xdr'],
  ['--format', 'records', '--broken'],
  ['--tables', 'Nonsense'],
  ['--tables', 'DeviceEvents:many'],
])('%s %s … is refused as usage', async (...args) => {
  await expect(generate(...args)).rejects.toMatchObject({ kind: 'usage' })
})

test.each([
  ['Endpoint=sb://x.example/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0', /no EntityPath.*--hub/],
  ['Endpoint=sb://x.example/;SharedAccessKeyNam=n;SharedAccessKey=c2VjcmV0;EntityPath=xdr', /^--to: .+\. .+/],
])('a connection string that cannot be used is said before anything connects: %#', async (to, message) => {
  const error = await generate('--to', to).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) })
  expect(String(error)).not.toContain('c2VjcmV0')
})

test('a file that cannot be written is an error of its own', async () => {
  const file = join(await temporaryFile(), 'below-a-file')
  await expect(generate('--file', file)).rejects.toMatchObject({ kind: 'cannot_write' })
})
