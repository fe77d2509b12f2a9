import { constants, createHash, verify, X509Certificate } from 'node:crypto'
import { TokenError } from './token-error.ts'

/** What an application may prove itself by, other than a secret. */
export interface AssertionProofs {
  /** Certificates that were uploaded to the registration, in PEM. */
  readonly certificates?: readonly string[]
  /** Tokens of other issuers that a federated credential of the registration names. */
  readonly federated?: readonly string[]
}

interface Assertion {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** What was signed. */
  readonly text: string
  readonly signature: Buffer
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Of the request that an assertion came with. */
interface Request {
  readonly form: URLSearchParams
  readonly clientId: string
  /** The address that was asked. */
  readonly address: string
  /** Milliseconds. */
  readonly now: number
}

/** Throws what Entra answers to an assertion that it does not take. */
export function checkAssertion({ certificates = [], federated = [] }: AssertionProofs, request: Request): void {
  const { form, clientId, address, now } = request
  const given = form.get('client_assertion') ?? ''
  if (form.get('client_assertion_type') !== assertionType) {
    throw invalid(50027, "JWT token is invalid or malformed: 'client_assertion_type' is not supported.")
  }
  if (federated.includes(given)) return
  const { header, claims, text, signature } = parse(given)
  if (claims.iss !== clientId) {
    const subject = `Presented assertion issuer '${String(claims.iss)}', subject '${String(claims.sub)}'.`
    throw invalid(70021, `No matching federated identity record found for presented assertion. ${subject}`)
  }
  if (claims.aud !== address) throw invalid(700023, 'Client assertion audience claim does not match Realm issuer.')
  const seconds = now / 1000
  if (!(Number(claims.nbf) <= seconds + 300 && Number(claims.exp) > seconds - 300)) {
    throw invalid(700024, 'Client assertion is not within its valid time range.')
  }
  const certificate = certificates
    .map(pem => new X509Certificate(pem))
    .find(each => thumbprint(each) === header['x5t#S256'])
  const key = certificate?.publicKey
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  const isSigned =
    key !== undefined && header.alg === 'PS256' && verify('sha256', Buffer.from(text), { key, ...padding }, signature)
  if (!isSigned) {
    throw invalid(
      700027,
      'The certificate with identifier used to sign the client assertion is not registered on application.',
    )
  }
}

function parse(given: string): Assertion {
  const [header = '', claims = '', signature = ''] = given.split('.')
  try {
    return {
      header: JSON.parse(Buffer.from(header, 'base64url').toString()),
      claims: JSON.parse(Buffer.from(claims, 'base64url').toString()),
      text: `${header}.${claims}`,
      signature: Buffer.from(signature, 'base64url'),
    }
  } catch {
    throw invalid(50027, 'JWT token is invalid or malformed.')
  }
}

function thumbprint(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('base64url')
}

function invalid(number: number, message: string): TokenError {
  return new TokenError(401, 'invalid_client', number, message)
}
