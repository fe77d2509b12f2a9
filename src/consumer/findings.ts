import {
  hubNameRule,
  isFlaw,
  isHubName,
  isKey,
  parseHubConnectionString,
  parseStorageConnectionString,
} from './connection-string.ts'
import type { AuthOptions, CheckpointsOptions, EventHubOptions } from './options.ts'

/** What is wrong between the fields of a part of the configuration. `path` is relative to that part, as in the file. */
export interface Problem {
  readonly path: string[]
  readonly message: string
  readonly fix: string
}

const secretText = '[redacted]'

/** What a schema cannot say about `event_hub`: one way to sign in, a usable connection string, one event hub. */
export function eventHubProblems(options: EventHubOptions): Problem[] {
  return [
    ...signInProblems(options),
    ...connectionStringProblems(options),
    ...hubNameProblems(options),
    ...namespaceProblems(options),
    ...ownershipProblems(options),
    ...stallProblems(options),
    ...authProblems(options.auth),
  ]
}

function signInProblems(options: EventHubOptions): Problem[] {
  if (options.connectionString && options.namespace)
    return [problem(['namespace'], 'both `connection_string` and `namespace` are given', 'Keep one of them.')]
  if (options.connectionString && options.auth)
    return [problem(['auth'], '`auth` has no use beside a connection string', 'Keep one of them.')]
  if (options.connectionString) return []
  if (!options.namespace)
    return [
      problem(
        [],
        'there is neither a `connection_string` nor a `namespace`',
        'Give `connection_string`, or `namespace` together with `auth`.',
      ),
    ]
  const missing = []
  if (!options.auth)
    missing.push(
      problem(['auth'], '`namespace` needs an identity', 'Add `auth: { kind: … }`, or use `connection_string`.'),
    )
  if (!options.eventHub)
    missing.push(problem(['event_hub'], '`event_hub` is missing', 'Give the name of the event hub.'))
  return missing
}

function connectionStringProblems({ connectionString, eventHub }: EventHubOptions): Problem[] {
  if (!connectionString) return []
  const parsed = parseHubConnectionString(connectionString.reveal())
  if (isFlaw(parsed)) return [problem(['connection_string'], `${parsed.message} (${secretText})`, parsed.fix)]
  if (!eventHub && !parsed.eventHub)
    return [
      problem(
        ['event_hub'],
        '`event_hub` is missing, and the connection string has no EntityPath',
        'Give the name of the event hub.',
      ),
    ]
  if (eventHub && parsed.eventHub && eventHub !== parsed.eventHub)
    return [
      problem(
        ['event_hub'],
        `\`${eventHub}\` differs from the EntityPath of the connection string, \`${parsed.eventHub}\``,
        'Correct one of them, or leave `event_hub` out.',
      ),
    ]
  return []
}

function hubNameProblems({ eventHub }: EventHubOptions): Problem[] {
  if (eventHub === undefined || isHubName(eventHub)) return []
  const text = `\`${eventHub}\` cannot be the name of an event hub`
  return [problem(['event_hub'], text, `Write the name alone: ${hubNameRule}.`)]
}

function namespaceProblems({ namespace }: EventHubOptions): Problem[] {
  if (namespace === undefined || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(namespace)) return []
  return [
    problem(['namespace'], `\`${namespace}\` is not a host name`, 'Write it like `contoso.servicebus.windows.net`.'),
  ]
}

function ownershipProblems({ ownership }: EventHubOptions): Problem[] {
  if (ownership.renew < 100)
    return [problem(['ownership', 'renew'], `${ownership.renew} ms is too short`, 'Give at least 100ms.')]
  if (ownership.expiry >= 2 * ownership.renew) return []
  return [
    problem(
      ['ownership', 'expiry'],
      `\`expiry\` (${ownership.expiry} ms) is less than twice \`renew\` (${ownership.renew} ms)`,
      'Replicas would take partitions from healthy ones: make `expiry` at least twice, better three times `renew`.',
    ),
  ]
}

function stallProblems({ stallAfter }: EventHubOptions): Problem[] {
  if (stallAfter >= 5000) return []
  const fix = 'Give at least 5s: a receiver that works shows it every second or so.'
  return [problem(['stall_after'], `${stallAfter} ms is too short`, fix)]
}

/** What a schema cannot say about `checkpoints`. */
export function checkpointsProblems(options: CheckpointsOptions): Problem[] {
  const problems = [...storageProblems(options), ...authProblems(options.auth)]
  if (!/^[a-z0-9](-?[a-z0-9])+$/.test(options.container))
    problems.push(
      problem(
        ['container'],
        `\`${options.container}\` cannot be the name of a container`,
        'Use lower case letters, digits and single hyphens.',
      ),
    )
  if (options.interval < 100)
    problems.push(problem(['interval'], `${options.interval} ms is too short`, 'Give at least 100ms, better seconds.'))
  return problems
}

function storageProblems(options: CheckpointsOptions): Problem[] {
  const { connectionString, storageAccount, storageAccountKey, endpoint, auth } = options
  if (connectionString) {
    if (storageAccount || storageAccountKey || auth)
      return [
        problem(['connection_string'], 'a connection string stands beside other credentials', 'Keep one of them.'),
      ]
    const parsed = parseStorageConnectionString(connectionString.reveal())
    return isFlaw(parsed) ? [problem(['connection_string'], `${parsed.message} (${secretText})`, parsed.fix)] : []
  }
  if (!storageAccount && !endpoint) {
    return [
      problem(
        [],
        'there is no storage account',
        'Give `storage_account` and `storage_account_key`, or `connection_string`.',
      ),
    ]
  }
  if (storageAccountKey && !storageAccount)
    return [problem(['storage_account'], '`storage_account` is missing', 'The key needs the name of its account.')]
  if (storageAccountKey && !isKey(storageAccountKey.reveal()))
    return [
      problem(
        ['storage_account_key'],
        `${secretText} is not base64`,
        'Copy the key again from the portal (Access keys).',
      ),
    ]
  if (storageAccountKey && auth) return [problem(['auth'], '`auth` has no use beside a key', 'Keep one of them.')]
  if (!storageAccountKey && !auth)
    return [problem([], 'the storage account has no credentials', 'Give `storage_account_key` or `auth`.')]
  return []
}

function authProblems(auth: AuthOptions | undefined): Problem[] {
  if (auth?.kind !== 'client_secret') return []
  const needed = [
    ['tenant_id', auth.tenantId],
    ['client_id', auth.clientId],
    ['client_secret', auth.clientSecret],
  ] as const
  return needed
    .filter(([, value]) => !value)
    .map(([key]) =>
      problem(['auth', key], `\`${key}\` is missing`, 'An application needs all three: tenant, client and secret.'),
    )
}

function problem(path: string[], message: string, fix: string): Problem {
  return { path, message, fix }
}
