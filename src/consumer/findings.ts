import type { Problem } from '../core/options.ts'
import { isFlaw } from '../storage/connection-string.ts'
import { authProblems, problem } from '../storage/findings.ts'
import { hubNameRule, isHubName, parseHubConnectionString } from './connection-string.ts'
import type { EventHubOptions } from './options.ts'

const secretText = '[redacted]'

/** What a schema cannot say about `event_hub`: one way to sign in, a usable connection string, one event hub. */
export function eventHubProblems(options: EventHubOptions): Problem[] {
  return [
    ...signInProblems(options),
    ...connectionStringProblems(options),
    ...hubNameProblems(options),
    ...namespaceProblems(options),
    ...ownershipProblems(options),
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
  if (ownership.expiry >= 2 * ownership.renew) return []
  return [
    problem(
      ['ownership', 'expiry'],
      `\`expiry\` (${ownership.expiry} ms) is less than twice \`renew\` (${ownership.renew} ms)`,
      'Replicas would take partitions from healthy ones: make `expiry` at least twice, better three times `renew`.',
    ),
  ]
}
