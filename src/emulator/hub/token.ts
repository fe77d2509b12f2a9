import { createHmac, timingSafeEqual } from 'node:crypto'

export interface AccessPolicy {
  readonly keyName: string
  readonly key: string
  /** Takes any token of type jwt: stands in for Entra ID. */
  readonly allowJwt: boolean
}

export type TokenVerdict =
  | { readonly ok: true; readonly expires: number }
  | { readonly ok: false; readonly description: string }

/** Judges a token from a put-token request. `expires` is in milliseconds since the epoch. */
export function checkToken(type: string, token: string, policy: AccessPolicy, now: number): TokenVerdict {
  if (/jwt/i.test(type)) return policy.allowJwt ? { ok: true, expires: Number.POSITIVE_INFINITY } : invalid()
  const fields = sasFields(token)
  if (fields === undefined) return refuse('MalformedToken: Failed to parse simple web token. Invalid format.')
  if (fields.skn !== policy.keyName || !signedWith(policy.key, fields)) return invalid()
  const expires = Number(fields.se) * 1000
  if (!(expires > now)) {
    return refuse(`ExpiredToken: The token is expired. Expiration time: '${new Date(expires || 0).toISOString()}'.`)
  }
  return { ok: true, expires }
}

interface SasFields {
  /** The resource, as it stands in the token: the signature is over its encoded form. */
  readonly sr: string
  readonly sig: string
  readonly se: string
  readonly skn: string
}

function sasFields(token: string): SasFields | undefined {
  const [, text] = /^SharedAccessSignature (.+)$/.exec(token) ?? []
  if (text === undefined) return undefined
  const raw = Object.fromEntries(text.split('&').map(pair => pair.split('=', 2) as [string, string]))
  const { sr, sig, se, skn } = raw
  if (!sr || !sig || !se || !skn) return undefined
  try {
    return { sr, sig: decodeURIComponent(sig), se, skn: decodeURIComponent(skn) }
  } catch {
    return undefined
  }
}

function signedWith(key: string, { sr, se, sig }: SasFields): boolean {
  const expected = createHmac('sha256', key).update(`${sr}\n${se}`).digest()
  const given = Buffer.from(sig, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function invalid(): TokenVerdict {
  return refuse('InvalidSignature: The token has an invalid signature.')
}

function refuse(description: string): TokenVerdict {
  return { ok: false, description }
}
