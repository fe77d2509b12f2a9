import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { EventHubConsumerClient } from '@azure/event-hubs'
import { expect, onTestFinished, test } from 'vitest'
import { consumer, hubForTest } from './hub-support.ts'

/** A key and a certificate that this process trusts; undefined on machines without openssl. */
const tls = (() => {
  const directory = mkdtempSync(join(tmpdir(), 'hub-tls-'))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  try {
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '1']
    execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch {
    return undefined
  } finally {
    rmSync(directory, { recursive: true })
  }
})()

test.skipIf(tls === undefined)(
  'beside the plain listener there is one with TLS, for keys and, if allowed, for jwt',
  async () => {
    setDefaultCACertificates([...getCACertificates(), tls!.cert])
    const hub = await hubForTest({ tls: tls!, allowJwt: true })
    const strict = await hubForTest({ tls: tls! })
    const overTls = hub
      .connectionString('xdr')
      .replace(`127.0.0.1:${hub.port}`, `localhost:${hub.tlsPort}`)
      .replace(';UseDevelopmentEmulator=true', '')
    expect((await consumer(overTls).getEventHubProperties()).partitionIds).toEqual(['0', '1'])
    expect((await consumer(hub.connectionString('xdr')).getEventHubProperties()).partitionIds).toEqual(['0', '1'])
    expect((await withJwt(hub.tlsPort!).getEventHubProperties()).partitionIds).toEqual(['0', '1'])
    await expect(withJwt(strict.tlsPort!).getEventHubProperties()).rejects.toMatchObject({ code: 'UnauthorizedError' })
  },
)

function withJwt(port: number): EventHubConsumerClient {
  const credential = { getToken: async () => ({ token: 'e30.e30.', expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const client = new EventHubConsumerClient('$Default', 'localhost', 'xdr', credential, {
    retryOptions: { maxRetries: 0 },
    customEndpointAddress: `sb://localhost:${port}`,
  })
  onTestFinished(() => client.close())
  return client
}
