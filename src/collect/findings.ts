import type { Problem } from '../core/options.ts'
import type { Api } from './access/clouds.ts'
import { clouds } from './access/clouds.ts'
import { isClientId, isOrigin, isSafeAddress, isTenantId, originRule, safeAddressRule } from './access/forms.ts'
import type { AccessOptions } from './options.ts'

/** What a schema cannot say about a collector: one way to sign in, usable ids, a cloud that has the API, safe addresses. */
export function accessProblems(options: AccessOptions, api: Api): Problem[] {
  return [
    ...signInProblems(options),
    ...idProblems(options),
    ...cloudProblems(options, api),
    ...addressProblems(options),
  ]
}

const ways = ['client_secret', 'certificate', 'credential'] as const

function signInProblems(options: AccessOptions): Problem[] {
  const { clientSecret, certificate, credential } = options
  const given = ways.filter((_way, index) => [clientSecret, certificate, credential][index] !== undefined)
  const [first, second] = given
  if (first === undefined) {
    const fix =
      'Give `client_secret` or `certificate` of the application, or `credential` for an identity of the platform.'
    return [problem([], 'there is nothing to sign in with', fix)]
  }
  if (second !== undefined) return [problem([second], `\`${second}\` stands beside \`${first}\``, 'Keep one of them.')]
  return credential === undefined ? missingIds(options) : uselessKeys(options)
}

function missingIds({ tenantId, clientId }: AccessOptions): Problem[] {
  const needed = [
    ['tenant_id', tenantId],
    ['client_id', clientId],
  ] as const
  return needed
    .filter(([, value]) => value === undefined)
    .map(([key]) =>
      problem([key], `\`${key}\` is missing`, 'Copy it from the overview of the app registration in Entra.'),
    )
}

/** A managed identity asks the machine it runs on, which knows its tenant. */
function uselessKeys({ credential, tenantId, tokenUrl }: AccessOptions): Problem[] {
  if (credential !== 'managed_identity') return []
  const given = [...(tenantId === undefined ? [] : ['tenant_id']), ...(tokenUrl === undefined ? [] : ['token_url'])]
  return given.map(key => problem([key], 'has no use beside `credential: managed_identity`', 'Remove it.'))
}

function idProblems({ tenantId, clientId }: AccessOptions): Problem[] {
  return [
    ...(tenantId === undefined || isTenantId(tenantId)
      ? []
      : [problem(['tenant_id'], 'is neither a GUID nor a domain', 'Copy the directory (tenant) id from Entra.')]),
    ...(clientId === undefined || isClientId(clientId)
      ? []
      : [problem(['client_id'], 'is not a GUID', 'Copy the application (client) id from Entra.')]),
  ]
}

function cloudProblems({ cloud }: AccessOptions, api: Api): Problem[] {
  if (clouds[cloud].endpoints[api] !== undefined) return []
  const having = Object.entries(clouds).filter(([, { endpoints }]) => endpoints[api] !== undefined)
  const fix = `Microsoft has it in ${having.map(([name]) => name).join(', ')}; remove this source otherwise.`
  return [problem(['cloud'], 'has no such API', fix)]
}

function addressProblems({ endpoint, tokenUrl }: AccessOptions): Problem[] {
  const addresses = [
    ['endpoint', endpoint],
    ['token_url', tokenUrl],
  ] as const
  const unsafe = addresses
    .filter(([, value]) => value !== undefined && !isSafeAddress(value))
    .map(([key]) => problem([key], `is not ${safeAddressRule}`, 'Write https:// first.'))
  if (endpoint === undefined || !isSafeAddress(endpoint) || isOrigin(endpoint)) return unsafe
  return [...unsafe, problem(['endpoint'], `is not ${originRule}`, `Write \`${new URL(endpoint).origin}\`.`)]
}

function problem(path: string[], message: string, fix: string): Problem {
  return { path, message, fix }
}
