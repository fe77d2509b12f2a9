import type { Problem } from '../core/options.ts'
import { isFlaw, isKey, parseStorageConnectionString } from './connection-string.ts'
import type { AuthOptions, CheckpointsOptions } from './options.ts'

const secretText = '[redacted]'

/** What a schema cannot say about `checkpoints`. */
export function checkpointsProblems(options: CheckpointsOptions): Problem[] {
  const { directory } = options
  const problems =
    directory === undefined ? [...storageProblems(options), ...authProblems(options.auth)] : directoryProblems(options)
  if (!/^[a-z0-9](-?[a-z0-9])+$/.test(options.container))
    problems.push(
      problem(
        ['container'],
        `\`${options.container}\` cannot be the name of a container`,
        'Use lower case letters, digits and single hyphens.',
      ),
    )
  return problems
}

function directoryProblems({
  connectionString,
  storageAccount,
  storageAccountKey,
  endpoint,
  auth,
}: CheckpointsOptions) {
  const account = {
    storage_account: storageAccount,
    storage_account_key: storageAccountKey,
    connection_string: connectionString,
    endpoint,
    auth,
  }
  return Object.entries(account)
    .filter(([, value]) => value !== undefined)
    .map(([key]) =>
      problem([key], 'belongs to a storage account, but there is a `directory`', `Remove it, or \`directory\`.`),
    )
}

/** What keeps partitions apart among readers needs an account, so event hubs cannot do with a directory. */
export function sharedCheckpointsProblems({ directory }: CheckpointsOptions): Problem[] {
  if (directory === undefined) return []
  const fix = 'Give a storage account: `storage_account` and `storage_account_key`, or `connection_string`.'
  return [problem(['directory'], 'a source of kind `event_hub` needs a storage account', fix)]
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
        'Give `storage_account` and `storage_account_key`, or `connection_string`; or a `directory` where no source is an event hub.',
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

/** An application proves itself by three things together. */
export function authProblems(auth: AuthOptions | undefined): Problem[] {
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

export function problem(path: string[], message: string, fix: string): Problem {
  return { path, message, fix }
}
