import { XdrelayError } from '../../core/errors.ts'
import { isLoopback } from '../../core/loopback.ts'
import type { Api } from '../access/clouds.ts'

/** Hosts that answers of Defender for Endpoint lead to, besides the one that was asked. */
const defenderHosts =
  /^(?:(?:[a-z\d-]+\.)*api\.security\.microsoft\.com|api[a-z\d-]*\.securitycenter\.microsoft\.(?:com|us))$/
const blobHosts = /^[a-z\d-]+(?:\.[a-z\d-]+)*\.blob\.core\.(?:windows\.net|usgovcloudapi\.net)$/

/**
 * The address of a request with a token, as it came. A token goes to the scheme, host and port of `endpoint` only, and
 * for Defender to hosts of its family. Throws `api_address_refused` for any other.
 */
export function pinned(link: string, endpoint: string, api: Api): string {
  const url = addressOf(link)
  const isFamily = api === 'defender' && isPlainHttps(url) && defenderHosts.test(url.hostname)
  if (url.origin === new URL(endpoint).origin || isFamily) return link
  throw refused(url)
}

/** The same for a file whose address is all that is needed to read it. */
export function pinnedFile(link: string, endpoint: string): string {
  const url = addressOf(link)
  const own = new URL(endpoint)
  const isOwn = isLoopback(own.hostname) && url.origin === own.origin
  if (isOwn || (isPlainHttps(url) && blobHosts.test(url.hostname))) return link
  throw refused(url)
}

function addressOf(link: string): URL {
  const url = URL.parse(link)
  if (url === null) throw new XdrelayError('api_address_refused', 'the answer leads to what is not an address')
  if (url.username !== '' || url.password !== '') throw refused(url)
  return url
}

function isPlainHttps({ protocol, port }: URL): boolean {
  return protocol === 'https:' && port === ''
}

/** Names scheme, host and port alone: the rest may hold a signature. */
function refused({ protocol, host }: URL): XdrelayError {
  const text = `the answer leads to ${protocol}//${host}, where nothing is sent`
  return new XdrelayError('api_address_refused', text, { facts: { host } })
}
