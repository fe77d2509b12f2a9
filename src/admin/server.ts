import Fastify from 'fastify'
import { messageOf, XdrelayError } from '../core/errors.ts'
import type { Metrics } from '../core/metrics.ts'

export interface AdminDeps {
  readonly listen: { readonly host: string; readonly port: number }
  readonly metrics: Metrics
  /** True while sources read and every required output takes documents. */
  readonly ready: () => boolean
}

export interface Admin {
  /** Where it really listens; differs from the configuration when that says port 0. */
  readonly address: string
  close(): Promise<void>
}

/** `/livez`, `/readyz` and `/metrics`. Gives no details to strangers: states and counters only, read only. */
export async function startAdmin({ listen, metrics, ready }: AdminDeps): Promise<Admin> {
  const server = Fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true })
  server.get('/livez', async () => 'ok\n')
  server.get('/readyz', async (_request, reply) => (ready() ? 'ok\n' : reply.code(503).send('not ready\n')))
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  try {
    const address = await server.listen({ host: listen.host, port: listen.port })
    return { address, close: () => server.close() }
  } catch (error) {
    throw new XdrelayError(
      'admin_unavailable',
      `admin.listen: cannot listen on ${listen.host}:${listen.port}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
