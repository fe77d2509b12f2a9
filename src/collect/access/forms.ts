import { isLoopback } from '../../core/loopback.ts'

const guid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
const domain = /^[\w-]+(\.[\w-]+)+$/

/** A GUID or a domain of the tenant; `common` and the like are none. */
export function isTenantId(text: string): boolean {
  return guid.test(text) || domain.test(text)
}

export function isClientId(text: string): boolean {
  return guid.test(text)
}

export const safeAddressRule = 'an https address; plain http is for this machine only'

/** Tokens and secrets go over TLS, or stay on this machine. */
export function isSafeAddress(text: string): boolean {
  const url = URL.parse(text)
  const isLocal = url !== null && isLoopback(url.hostname)
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
}

export const originRule = 'scheme, host and port alone; anything else would be left out'

/** The paths of an API are its own: what an address has besides its origin would be dropped without a word. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.href === `${url.origin}/`
}
