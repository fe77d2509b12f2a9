import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A write of a checkpoint blob, seen before the storage account sees it. */
export interface CheckpointWrite {
  readonly partitionId: string
  readonly sequenceNumber: number
}

/**
 * Stands between clients and the blob service: every checkpoint write is held until `check` has settled, and refused
 * with 500 when it rejects. Writes of one partition pass one after the other, so `answered` hears of them in the order
 * in which they took effect. Signatures stay valid, because they cover the path and not the host.
 */
export async function startBlobProxy(
  endpoint: string,
  check: (write: CheckpointWrite) => Promise<void>,
  answered: (write: CheckpointWrite, status: number) => void = () => {},
): Promise<{ endpoint: string }> {
  const target = new URL(endpoint)
  const turns = new Map<string, Promise<void>>()
  const server = createServer((incoming, outgoing) => {
    const write = checkpointWrite(incoming)
    if (!write) return void forward(target, incoming, outgoing)
    const before = turns.get(write.partitionId) ?? Promise.resolve()
    const turn = before
      .then(() => check(write))
      .then(
        () => forward(target, incoming, outgoing),
        () => void outgoing.writeHead(500).end(),
      )
      .then(status => void (status && answered(write, status)))
    turns.set(write.partitionId, turn)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}` }
}

/** The status of the answer; undefined when there was none. */
function forward(target: URL, incoming: IncomingMessage, outgoing: ServerResponse): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const { method, url, headers } = incoming
  const onward = request({ host: target.hostname, port: target.port, method, path: url, headers }, answer => {
    resolve(answer.statusCode)
    outgoing.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', () => {
    resolve(undefined)
    outgoing.destroy()
  })
  // Whole as it is: its sender may be dead by now, and then a pipe would never end.
  if (headers['content-length'] === '0') onward.end()
  else incoming.pipe(onward)
  return promise
}

function checkpointWrite({ method, url, headers }: IncomingMessage): CheckpointWrite | undefined {
  const [, partitionId] = /\/checkpoint\/(\d+)(?:\?|$)/.exec(decodeURIComponent(url ?? '')) ?? []
  const sequenceNumber = headers['x-ms-meta-sequencenumber']
  if (method !== 'PUT' || partitionId === undefined || sequenceNumber === undefined) return undefined
  return { partitionId, sequenceNumber: Number(sequenceNumber) }
}
