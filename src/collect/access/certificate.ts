import { constants, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import { assertionFields, type Proof, type ProofRequest, textOf, unreadable } from './proof.ts'

interface Identity {
  /** SHA-256 of the certificate, base64url. */
  readonly thumbprint: string
  readonly key: ReturnType<typeof createPrivateKey>
}

/** Seconds. The assertion is used at once. */
const lifetime = 300

/**
 * A certificate and its RSA key, both in one PEM file, read anew each time. Signed here and not by `@azure/identity`,
 * which asks for tokens at addresses of its own choice only.
 */
export function certificateProof(path: string): Proof {
  return async request => assertionFields(signed(await identityOf(path), request))
}

async function identityOf(path: string): Promise<Identity> {
  const pem = await textOf(path)
  try {
    const certificate = new X509Certificate(pem)
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType !== 'rsa') throw unreadable(path, 'the key is not an RSA key, and Entra takes no other')
    if (!certificate.checkPrivateKey(key)) throw unreadable(path, 'the key does not belong to the certificate')
    return { thumbprint: thumbprintOf(certificate), key }
  } catch (error) {
    if ((error as { kind?: unknown }).kind === 'credential_unreadable') throw error
    throw unreadable(path, 'it must hold a certificate and its private key, not encrypted, in PEM')
  }
}

function thumbprintOf({ fingerprint256 }: X509Certificate): string {
  return Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
}

/** A JSON web token that says who asks and whom, as Entra documents it. */
function signed({ thumbprint, key }: Identity, { clientId, tokenUrl }: ProofRequest): string {
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now, nbf: now, exp: now + lifetime }
  const claims = { aud: tokenUrl, iss: clientId, sub: clientId, jti: randomUUID(), ...times }
  const text = [{ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint }, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return `${text}.${sign('sha256', Buffer.from(text), { key, ...padding }).toString('base64url')}`
}
