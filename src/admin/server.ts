import Fastify, { type FastifyReply } from 'fastify'
import type { DriftRegister } from '../core/drift.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { joined } from '../core/joined.ts'
import { isLoopback } from '../core/loopback.ts'
import type { Metrics } from '../core/metrics.ts'

export interface AdminDeps {
  readonly listen: { readonly host: string; readonly port: number }
  readonly metrics: Metrics
  /** What keeps it from being ready, in a few words each; none while all sources read and all parts take what comes. */
  readonly obstacles: () => readonly string[]
  readonly drift: DriftRegister
  /** Tests the connection to every part; settles within seconds and holds no secret. */
  readonly check: () => Promise<object>
}

export interface Admin {
  /** Where it really listens; differs from the configuration when that says port 0. */
  readonly address: string
  close(): Promise<void>
}

/**
 * `/livez`, `/readyz`, `/metrics`, `/api/v1/drift`, and `/api/v1/check`, which changes nothing but asks others.
 * States, counters and names of columns, never a value.
 */
export async function startAdmin(deps: AdminDeps): Promise<Admin> {
  const { host, port } = deps.listen
  const server = createServer(deps)
  try {
    const address = await server.listen({ host, port })
    return { address, close: () => server.close() }
  } catch (error) {
    const text = `admin.listen: cannot listen on ${host}:${port}: ${messageOf(error)}`
    throw new XdrelayError('admin_unavailable', text, { cause: error })
  }
}

function createServer({ listen, metrics: { registry }, obstacles, drift, check }: AdminDeps) {
  const server = Fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    frameworkErrors: (_error, _request, reply: FastifyReply) => reply.code(400).send('bad request\n'),
  })
  server.setNotFoundHandler((_request, reply) => reply.code(404).send('not found\n'))
  server.setErrorHandler((_error, _request, reply) => reply.code(500).send('failed\n'))
  server.addHook('onRequest', async ({ headers }, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    if (isLoopback(listen.host) && !isNameOfThisMachine(headers.host)) return reply.code(403).send('forbidden\n')
  })
  server.get('/livez', async () => 'ok\n')
  server.get('/readyz', async (_request, reply) => {
    const found = obstacles()
    return found.length === 0 ? 'ok\n' : reply.code(503).send(['not ready', ...found, ''].join('\n'))
  })
  server.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  server.get('/api/v1/drift', async () => drift.report())
  const ask = joined(check)
  // By POST alone, and not by a page of another site: each check asks hubs, APIs and outputs.
  server.post('/api/v1/check', async ({ headers }, reply) =>
    isOfAnotherSite(headers.origin, headers.host) ? reply.code(403).send('forbidden\n') : ask(),
  )
  return server
}

/** Browsers name the page that asks; programs do not. */
function isOfAnotherSite(origin: string | undefined, host: string | undefined): boolean {
  return origin !== undefined && URL.parse(origin)?.host !== host
}

/**
 * Any site can have its reader's browser ask here under a name of its own that leads to this machine (DNS rebinding).
 * Whoever means this machine says so; programs that send no name at all are no browsers.
 */
function isNameOfThisMachine(host: string | undefined): boolean {
  return host === undefined || isLoopback(URL.parse(`http://${host}`)?.hostname ?? '')
}
