import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { certificateProof } from '../../../src/collect/access/certificate.ts'
import { federatedProof, type Proof, secretFile, secretProof } from '../../../src/collect/access/proof.ts'
import { requestIdentityToken, requestToken } from '../../../src/collect/access/token.ts'
import { messageOf } from '../../../src/core/errors.ts'
import { type Microsoft, startMicrosoft } from '../../../src/emulator/microsoft/microsoft.ts'
import { app, clientId, tenantId } from '../../emulator/microsoft/support.ts'
import { tempDirectory } from '../../support/temp.ts'
import { never } from '../support.ts'

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0
  } catch {
    return false
  }
})()

/** A key and a certificate in one file, and the certificate alone. */
function certificate(directory: string, name: string, kind = ['rsa:2048']) {
  const [key, cert, both] = ['key', 'cert', 'pem'].map(end => join(directory, `${name}.${end}`)) as [
    string,
    string,
    string,
  ]
  const request = ['req', '-x509', '-newkey', ...kind, '-nodes', '-days', '2', '-subj', '/CN=xdrelay']
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  return { path: both, pem: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

async function entra(changes: Partial<typeof app> = {}): Promise<Microsoft> {
  const service = await startMicrosoft({ apps: [{ ...app, ...changes }] })
  onTestFinished(() => service.stop())
  return service
}

function ask(service: Microsoft, proof: Proof) {
  const registration = { tenantId, clientId, proof, cloud: 'global' as const, tokenUrl: service.tokenUrl(tenantId) }
  return requestToken(registration, 'graph', never)
}

test.skipIf(!hasOpenssl)('a certificate of the application gives a token, another one is refused', async () => {
  const directory = await tempDirectory()
  const known = certificate(directory, 'known')
  const strange = certificate(directory, 'strange')
  const service = await entra({ certificates: [known.pem] })
  expect((await ask(service, certificateProof(known.path))).claims?.roles).toEqual(app.roles.graph)
  await expect(ask(service, certificateProof(strange.path))).rejects.toMatchObject({ kind: 'app_proof_refused' })
})

test.skipIf(!hasOpenssl)('a certificate that was replaced in its file counts with the next token', async () => {
  const directory = await tempDirectory()
  const [old, fresh] = ['old', 'fresh'].map(name => certificate(directory, name)) as [
    ReturnType<typeof certificate>,
    ReturnType<typeof certificate>,
  ]
  const service = await entra({ certificates: [fresh.pem] })
  const proof = certificateProof(old.path)
  await expect(ask(service, proof)).rejects.toMatchObject({ kind: 'app_proof_refused' })
  writeFileSync(old.path, readFileSync(fresh.path))
  await ask(service, proof)
})

test.skipIf(!hasOpenssl)(
  'a file that is no RSA certificate with its key is named, and nothing of it is shown',
  async () => {
    const directory = await tempDirectory()
    const [one, two] = ['one', 'two'].map(name => certificate(directory, name)) as [
      ReturnType<typeof certificate>,
      ReturnType<typeof certificate>,
    ]
    const curve = certificate(directory, 'curve', ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'])
    const path = join(directory, 'bad.pem')
    const service = await entra()
    const cases: [string, RegExp][] = [
      [one.pem, /must hold a certificate and its private key/],
      [two.key, /must hold a certificate and its private key/],
      [`${one.pem}${two.key}`, /the key does not belong to the certificate/],
      [`${curve.pem}${curve.key}`, /not an RSA key/],
      ['hello', /must hold a certificate/],
      ['', /it is empty/],
    ]
    for (const [text, why] of cases) {
      writeFileSync(path, text)
      const error: unknown = await ask(service, certificateProof(path)).catch(thrown => thrown)
      expect(error).toMatchObject({ kind: 'credential_unreadable', message: expect.stringMatching(why) })
      expect(messageOf(error)).toContain(path)
      expect(messageOf(error)).not.toMatch(/BEGIN|hello/)
    }
  },
)

test('a secret in a file is read again for each token', async () => {
  const path = join(await tempDirectory(), 'secret')
  writeFileSync(path, 'wrong~secret\n')
  const service = await entra()
  const proof = secretProof(secretFile(path))
  await expect(ask(service, proof)).rejects.toMatchObject({ kind: 'app_secret_refused' })
  writeFileSync(path, 'right~secret\n')
  await ask(service, proof)
  await expect(ask(service, secretProof(secretFile(`${path}.gone`)))).rejects.toMatchObject({
    kind: 'credential_unreadable',
    message: `cannot use ${path}.gone: ENOENT`,
  })
})

test('the token of a workload gives a token, and is read again for each', async () => {
  const path = join(await tempDirectory(), 'token')
  const [old, fresh] = ['old', 'fresh'].map(sub =>
    ['{"alg":"RS256"}', `{"iss":"https://kubernetes.example","sub":"${sub}"}`, 'signature']
      .map(part => Buffer.from(part).toString('base64url'))
      .join('.'),
  ) as [string, string]
  const service = await entra({ federated: [fresh] })
  writeFileSync(path, old)
  const proof = federatedProof(path)
  await expect(ask(service, proof)).rejects.toMatchObject({ kind: 'app_proof_refused' })
  writeFileSync(path, fresh)
  await ask(service, proof)
})

test('a managed identity gives a token by the library of Azure, or says why not', async () => {
  const asked: string[] = []
  const found = { token: 'canary-of-an-identity', expiresOnTimestamp: 1_900_000_000_000 }
  const source = {
    getToken: async (scope: string) => {
      asked.push(scope)
      return found
    },
  }
  const token = await requestIdentityToken(source, 'gcc_high', 'graph', never)
  expect(asked).toEqual(['https://graph.microsoft.us/.default'])
  expect([token.value.reveal(), token.expires]).toEqual([found.token, found.expiresOnTimestamp])
  const broken = async () => Promise.reject(new Error(`no endpoint found, had ${found.token}`))
  await expect(requestIdentityToken({ getToken: broken }, 'global', 'graph', never)).rejects.toMatchObject({
    kind: 'entra_refused',
    message: 'no token for the managed identity: no endpoint found, had [redacted]',
  })
  await expect(requestIdentityToken({ getToken: async () => null }, 'global', 'graph', never)).rejects.toMatchObject({
    kind: 'entra_refused',
  })
})
