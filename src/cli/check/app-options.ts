import { type Access, appAccess } from '../../collect/access/access.ts'
import { type Cloud, clouds } from '../../collect/access/clouds.ts'
import {
  isClientId,
  isOrigin,
  isSafeAddress,
  isTenantId,
  originRule,
  safeAddressRule,
} from '../../collect/access/forms.ts'
import { secretProof } from '../../collect/access/proof.ts'
import { type CollectorKind, collectors } from '../../collect/probe.ts'
import { XdrelayError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { readSecret } from '../secret-file.ts'
import { askSecret } from './ask-secret.ts'

/** Of the command line, for an app registration without a configuration. */
export interface AppOptions {
  readonly tenantId?: string
  readonly clientId?: string
  readonly clientSecretFile?: string
  readonly cloud?: string
  readonly endpoint?: string
  readonly tokenUrl?: string
  readonly source?: string
}

export interface AppCheck {
  readonly access: Access
  readonly kinds: readonly CollectorKind[]
}

/** A cloud without an API is known for what its tenants are told, and for an `--endpoint` in front of it. */
const offered = Object.entries(clouds).flatMap(([name, { endpoints }]) =>
  Object.keys(endpoints).length > 0 ? [name] : [],
)

/** Whether the command line is about an app registration at all. */
export function isAppCheck(options: AppOptions): boolean {
  const { tenantId, clientId, clientSecretFile, cloud, endpoint, tokenUrl, source } = options
  return [tenantId, clientId, clientSecretFile, cloud, endpoint, tokenUrl, source].some(given => given !== undefined)
}

/** Asks for the secret where it is not given. Throws `usage` for what is missing or malformed. */
export async function readAppOptions(options: AppOptions): Promise<AppCheck> {
  const tenantId = required('--tenant-id', options.tenantId, isTenantId, 'a GUID or a domain of the tenant')
  const clientId = required('--client-id', options.clientId, isClientId, 'a GUID')
  const cloud = (options.cloud ?? 'global') as Cloud
  if (!Object.hasOwn(clouds, cloud)) throw wrong('--cloud', cloud, `one of ${offered.join(', ')}`)
  const kinds = (options.source ?? Object.keys(collectors).join(',')).split(',') as CollectorKind[]
  for (const kind of kinds) {
    if (!Object.hasOwn(collectors, kind)) throw wrong('--source', kind, `one of ${Object.keys(collectors).join(', ')}`)
  }
  const endpoint = address('--endpoint', options.endpoint)
  if (endpoint !== undefined && !isOrigin(endpoint)) throw wrong('--endpoint', endpoint, originRule)
  const tokenUrl = address('--token-url', options.tokenUrl)
  const clientSecret = await secretOf(options.clientSecretFile)
  const proof = secretProof(() => clientSecret)
  const app = { tenantId, clientId, proof, cloud, ...(tokenUrl !== undefined && { tokenUrl }) }
  return { access: appAccess(app, endpoint), kinds }
}

function required(
  name: string,
  value: string | undefined,
  isWellFormed: (text: string) => boolean,
  what: string,
): string {
  if (value === undefined) throw new XdrelayError('usage', `${name} is missing`)
  if (!isWellFormed(value)) throw wrong(name, value, what)
  return value
}

function address(name: string, value: string | undefined): string | undefined {
  if (value === undefined || isSafeAddress(value)) return value
  throw wrong(name, value, safeAddressRule)
}

async function secretOf(file: string | undefined): Promise<Secret> {
  if (file !== undefined) return readSecret('--client-secret-file', file)
  const typed = await askSecret('Client secret: ')
  if (typed === '') throw new XdrelayError('usage', 'the client secret is empty')
  return new Secret(typed)
}

function wrong(name: string, value: string, wanted: string): XdrelayError {
  return new XdrelayError('usage', `${name}: ${JSON.stringify(value)} is not ${wanted}`)
}
