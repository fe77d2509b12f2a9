import { readFile } from 'node:fs/promises'
import { XdrelayError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'

/** What an application says for itself in a request for a token. */
export interface ProofRequest {
  readonly clientId: string
  /** The address that is asked. */
  readonly tokenUrl: string
}

/**
 * How an application proves to be itself: the fields of the form, made anew for each request, so that a secret or a
 * certificate that was rotated counts from the next one on. Throws `credential_unreadable`.
 */
export type Proof = (request: ProofRequest) => Promise<Readonly<Record<string, string>>>

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** `secret` is asked each time: `() => value` for one that does not change, or `secretFile(path)`. */
export function secretProof(secret: () => Secret | Promise<Secret>): Proof {
  return async () => ({ client_secret: (await secret()).reveal() })
}

/** A token of another issuer that the application trusts, in a file that someone renews: workload identity. */
export function federatedProof(path: string): Proof {
  const token = secretFile(path)
  return async () => assertionFields((await token()).reveal())
}

export function assertionFields(assertion: string): Readonly<Record<string, string>> {
  return { client_assertion_type: assertionType, client_assertion: assertion }
}

/** Reads the file at each call, without the white space around its text. */
export function secretFile(path: string): () => Promise<Secret> {
  return async () => new Secret(await textOf(path))
}

export async function textOf(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error.code ?? 'unreadable', error)
  })
  if (text.trim() === '') throw unreadable(path, 'it is empty')
  return text.trim()
}

/** Never quotes what the file holds. */
export function unreadable(path: string, why: string, cause?: unknown): XdrelayError {
  return new XdrelayError('credential_unreadable', `cannot use ${path}: ${why}`, { cause, facts: { path } })
}
