/**
 * One class, one table. Operators search for codes, scripts branch on exit codes, people read the next step;
 * nothing parses message text. Throw an `XdrelayError`, never a bare string.
 */

interface ErrorEntry {
  /** `XPnnnn`: 1 configuration and usage, 2 event hub and Microsoft's APIs, 3 storage, 4 outputs and dead letters, 5 input data, 9 internal. */
  readonly code: string
  /** Process exit code, after sysexits.h. */
  readonly exit: number
  /** What the reader can do about it. */
  readonly next: string
}

const table = {
  config_invalid: {
    code: 'XP1001',
    exit: 78,
    next: 'Correct the findings above; `xdrelay validate` checks again without connecting.',
  },
  config_unreadable: {
    code: 'XP1002',
    exit: 78,
    next: 'Check the path given with --config, its permissions, and that the file is text in UTF-8.',
  },
  usage: { code: 'XP1003', exit: 64, next: 'See `xdrelay --help`.' },
  hub_unreachable: {
    code: 'XP2001',
    exit: 69,
    next: 'Check the host in the connection string, DNS, and that port 5671 (AMQP over TLS) is open.',
  },
  hub_unauthorized: {
    code: 'XP2002',
    exit: 77,
    next: 'Copy the connection string again from a policy with the Listen right (Send for `generate`), or give the identity the role Azure Event Hubs Data Receiver.',
  },
  hub_not_found: { code: 'XP2003', exit: 69, next: 'Check `event_hub` (or EntityPath) against the namespace.' },
  consumer_group_not_found: {
    code: 'XP2004',
    exit: 69,
    next: 'Create the consumer group on the event hub, or correct `consumer_group`.',
  },
  hub_failed: {
    code: 'XP2005',
    exit: 69,
    next: 'The text above is what the event hub said; if it persists, check the state of the namespace.',
  },
  app_secret_refused: {
    code: 'XP2101',
    exit: 77,
    next: 'Give the value of a client secret, as Entra shows it once when the secret is made; its id does not work.',
  },
  app_secret_expired: { code: 'XP2102', exit: 77, next: 'Make a new client secret in Entra and give its value.' },
  app_not_found: {
    code: 'XP2103',
    exit: 77,
    next: 'Check the client id, and that the app is registered in this tenant.',
  },
  tenant_not_found: { code: 'XP2104', exit: 78, next: 'Check the tenant id (directory id in Entra) and the cloud.' },
  cloud_mismatch: {
    code: 'XP2105',
    exit: 78,
    next: 'Set the cloud of the tenant: global, gcc_high or dod. The one in China has none of these APIs.',
  },
  api_not_in_tenant: {
    code: 'XP2106',
    exit: 78,
    next: 'Check that the tenant has a licence for Defender and opened its portal once, and the cloud.',
  },
  app_disabled: { code: 'XP2107', exit: 77, next: 'Enable the enterprise application in Entra.' },
  access_blocked: {
    code: 'XP2108',
    exit: 77,
    next: 'Exclude the application or this address from the policy in Entra.',
  },
  entra_unavailable: {
    code: 'XP2109',
    exit: 69,
    next: 'Try again later; the state of Entra is at status.cloud.microsoft.',
  },
  entra_refused: { code: 'XP2110', exit: 77, next: 'The text above is what Entra said; look its number up there.' },
  app_permission_missing: {
    code: 'XP2111',
    exit: 77,
    next: 'Add the application permission in Entra and consent to it; a new token may take some minutes.',
  },
  api_unauthorized: {
    code: 'XP2112',
    exit: 77,
    next: 'Check the cloud and the endpoint: the API did not take the token.',
  },
  api_forbidden: {
    code: 'XP2113',
    exit: 77,
    next: 'The text above is what the API said; check licence and permissions.',
  },
  api_unreachable: { code: 'XP2114', exit: 69, next: 'Check the address, DNS, the proxy and that port 443 is open.' },
  api_failed: { code: 'XP2115', exit: 69, next: 'The text above is what the API said; if it persists, ask Microsoft.' },
  api_address_refused: {
    code: 'XP2116',
    exit: 69,
    next: 'An answer leads to a host that is none of the API; check `endpoint`. Nothing was sent there.',
  },
  api_too_large: {
    code: 'XP2117',
    exit: 69,
    next: 'The API answered with more than it should; if it persists, report it.',
  },
  app_proof_refused: {
    code: 'XP2119',
    exit: 77,
    next: 'Check that the app registration has this certificate, or a federated credential for this workload, and the clock.',
  },
  credential_unreadable: {
    code: 'XP2118',
    exit: 78,
    next: 'Check the file of the secret, certificate or token that is named above, and its permissions.',
  },
  storage_unreachable: {
    code: 'XP3001',
    exit: 69,
    next: 'Check `storage_account` or `endpoint`, DNS, and the firewall of the storage account.',
  },
  storage_unauthorized: {
    code: 'XP3002',
    exit: 77,
    next: 'Check the storage account key, or give the identity the role Storage Blob Data Contributor on the container.',
  },
  container_not_found: { code: 'XP3003', exit: 69, next: 'Create the container, or allow xdrelay to create it.' },
  storage_failed: { code: 'XP3004', exit: 69, next: 'The text above is what the storage account said.' },
  checkpoint_unreadable: {
    code: 'XP3005',
    exit: 65,
    next: 'Correct the checkpoint, remove it, or give the source another name; without one reading begins as at a first start.',
  },
  positions_contended: {
    code: 'XP3006',
    exit: 69,
    next: 'Find what else writes there: each source needs a name, or an event hub and consumer group, of its own.',
  },
  emulator_unavailable: {
    code: 'XP3007',
    exit: 69,
    next: 'The emulator of a storage account comes with the development dependencies of xdrelay, and needs a free port.',
  },
  checkpoint_file_failed: {
    code: 'XP3008',
    exit: 73,
    next: 'Check the file that is named above: the user who runs this needs the right to read it.',
  },
  output_unreachable: { code: 'XP4001', exit: 69, next: 'Check the address of the output and that it is up.' },
  output_unauthorized: { code: 'XP4002', exit: 77, next: 'Check the credentials of the output and their privileges.' },
  cannot_write: { code: 'XP4003', exit: 73, next: 'Check that the directory exists, is writable and has room.' },
  admin_unavailable: {
    code: 'XP4004',
    exit: 73,
    next: 'Choose another address with `admin: { listen: … }`, or switch it off with `admin: null`.',
  },
  instance_unreachable: {
    code: 'XP4005',
    exit: 69,
    next: 'Start `xdrelay run`, and give the address of its admin endpoint (`admin.listen`) with --url; or name a file of records.',
  },
  port_unavailable: { code: 'XP4006', exit: 73, next: 'Give another port; 0 takes a free one.' },
  output_refused: { code: 'XP4010', exit: 69, next: 'The text above is what the output said.' },
  input_unreadable: {
    code: 'XP5001',
    exit: 65,
    next: 'Give a file of records, of messages, or of one of these a line.',
  },
  cases_unreadable: {
    code: 'XP5003',
    exit: 65,
    next: 'Correct what is named above; docs/mapping-tests.md describes a case.',
  },
  check_failed: { code: 'XP5002', exit: 1, next: 'What was found stands on standard output.' },
  drain_incomplete: {
    code: 'XP6001',
    exit: 75,
    next: 'Unsettled messages are read again at the next start; nothing is lost.',
  },
  source_stalled: { code: 'XP6002', exit: 75, next: 'Restart; reading goes on at the last checkpoint.' },
  interrupted: {
    code: 'XP6003',
    exit: 130,
    next: 'Give the command again: it goes on where it was, or begins anew where nothing was done yet.',
  },
  backfill_under_way: {
    code: 'XP6004',
    exit: 75,
    next: 'Wait for its end, or end it; another window may be read at the same time.',
  },
  internal: { code: 'XP9001', exit: 70, next: 'This is a defect of xdrelay; please report it with the text above.' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorName = keyof typeof table

/** What the table says of a code, in whatever case it is written; undefined for one that does not exist. */
export function errorOfCode(code: string): (ErrorEntry & { readonly kind: ErrorName }) | undefined {
  const wanted = code.toUpperCase()
  const kind = (Object.keys(table) as ErrorName[]).find(name => table[name].code === wanted)
  return kind && { kind, ...table[kind] }
}

export class XdrelayError extends Error {
  override readonly name = 'XdrelayError'
  readonly kind: ErrorName
  /** What the error is about: field, value, address. Never a secret. */
  readonly facts: Readonly<Record<string, string | number>>
  readonly #next: string | undefined

  constructor(
    kind: ErrorName,
    message: string,
    options: { cause?: unknown; facts?: Record<string, string | number>; next?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.#next = options.next
    this.kind = kind
    this.facts = options.facts ?? {}
  }

  get code(): string {
    return table[this.kind].code
  }

  get exit(): number {
    return table[this.kind].exit
  }

  /** That of the table, unless who threw it knows better. */
  get next(): string {
    return this.#next ?? table[this.kind].next
  }
}

/** Total: whatever was thrown becomes an error of the table. */
export function classify(thrown: unknown): XdrelayError {
  if (thrown instanceof XdrelayError) return thrown
  return new XdrelayError('internal', messageOf(thrown), { cause: thrown })
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
