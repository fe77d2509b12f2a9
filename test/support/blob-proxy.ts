import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A write of a checkpoint blob, seen before the storage account sees it. */
export interface CheckpointWrite {
  readonly partitionId: string
  readonly sequenceNumber: number
}

/**
 * Stands between a client and the blob service: every checkpoint write is held until `check` has settled, and refused
 * with 500 when it rejects. Signatures stay valid, because they cover the path and not the host.
 */
export async function startBlobProxy(
  endpoint: string,
  check: (write: CheckpointWrite) => Promise<void>,
): Promise<{ endpoint: string }> {
  const target = new URL(endpoint)
  const server = createServer((incoming, outgoing) => {
    const write = checkpointWrite(incoming)
    const ready = write ? check(write) : Promise.resolve()
    ready.then(
      () => {
        const { method, url, headers } = incoming
        const forward = request({ host: target.hostname, port: target.port, method, path: url, headers }, answer => {
          outgoing.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(outgoing)
        })
        forward.on('error', () => outgoing.destroy())
        incoming.pipe(forward)
      },
      () => outgoing.writeHead(500).end(),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}` }
}

function checkpointWrite({ method, url, headers }: IncomingMessage): CheckpointWrite | undefined {
  const [, partitionId] = /\/checkpoint\/(\d+)(?:\?|$)/.exec(decodeURIComponent(url ?? '')) ?? []
  const sequenceNumber = headers['x-ms-meta-sequencenumber']
  if (method !== 'PUT' || partitionId === undefined || sequenceNumber === undefined) return undefined
  return { partitionId, sequenceNumber: Number(sequenceNumber) }
}
