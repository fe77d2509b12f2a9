/** Read from a connection string of Event Hubs. Never holds the key. */
export interface HubAddress {
  /** Host name, lower case, without port. */
  readonly namespace: string
  /** From EntityPath. */
  readonly eventHub: string | undefined
}

/** What is wrong with a connection string, in words that never quote a value of it. */
export interface Flaw {
  readonly message: string
  readonly fix: string
}

const portal = 'Copy the connection string again from the portal (Shared access policies).'
const hubKeys = [
  'Endpoint',
  'SharedAccessKeyName',
  'SharedAccessKey',
  'SharedAccessSignature',
  'EntityPath',
  'UseDevelopmentEmulator',
]

/**
 * Reads a connection string before the SDK sees it: the SDK's own errors about it quote the whole, key included
 * (hazard H), and it takes a misspelt key as absent without a word.
 */
export function parseHubConnectionString(text: string): HubAddress | Flaw {
  const parts = splitParts(text)
  if (!(parts instanceof Map)) return parts
  for (const key of parts.keys()) {
    const meant = hubKeys.find(known => known.toLowerCase() === key.toLowerCase())
    if (meant !== undefined && meant !== key)
      return {
        message: `the connection string has \`${printableKey(key)}\``,
        fix: `Write \`${meant}\`, in exactly this case.`,
      }
  }
  const namespace = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:]+\]|[^/:?#\s]+)(:\d+)?\/?$/i.exec(
    parts.get('Endpoint') ?? '',
  )?.[1]
  if (namespace === undefined)
    return {
      message: 'the connection string has no usable Endpoint',
      fix: `It begins with \`Endpoint=sb://…\`. ${portal}`,
    }
  const flaw = keyFlaw(parts) ?? emulatorFlaw(parts) ?? entityFlaw(parts)
  if (flaw) return flaw
  return { namespace: namespace.toLowerCase().replace(/^\[|\]$/g, ''), eventHub: parts.get('EntityPath') || undefined }
}

function keyFlaw(parts: Map<string, string>): Flaw | undefined {
  const signature = parts.get('SharedAccessSignature')
  const name = parts.get('SharedAccessKeyName')
  const key = parts.get('SharedAccessKey')
  if (signature && (name || key))
    return { message: 'the connection string has both a SharedAccessSignature and a SharedAccessKey', fix: 'Keep one.' }
  if (signature) return undefined
  if (!name) return { message: 'the connection string has no SharedAccessKeyName', fix: portal }
  if (!key) return { message: 'the connection string has no SharedAccessKey', fix: portal }
  return undefined
}

/** Anything but exactly `true` makes the SDK speak TLS without saying so: it then hangs against an emulator. */
function emulatorFlaw(parts: Map<string, string>): Flaw | undefined {
  const emulator = parts.get('UseDevelopmentEmulator')
  if (emulator === undefined || emulator === 'true' || emulator === 'false') return undefined
  return {
    message: 'the connection string has UseDevelopmentEmulator with a value that is neither `true` nor `false`',
    fix: 'Write `UseDevelopmentEmulator=true`, in lower case.',
  }
}

function entityFlaw(parts: Map<string, string>): Flaw | undefined {
  const entity = parts.get('EntityPath')
  if (!entity || isHubName(entity)) return undefined
  return {
    message: 'the connection string has an EntityPath that cannot be the name of an event hub',
    fix: `Write the name of the event hub: ${hubNameRule}.`,
  }
}

/** The name of the account in a connection string of a storage account. */
export function parseStorageConnectionString(text: string): { readonly account: string | undefined } | Flaw {
  const parts = splitParts(text)
  if (!(parts instanceof Map)) return parts
  if (parts.get('UseDevelopmentStorage') === 'true') return { account: 'devstoreaccount1' }
  const fix = 'Copy the connection string again from the portal (Access keys of the storage account).'
  const account = parts.get('AccountName')
  if (parts.get('SharedAccessSignature'))
    return parts.get('BlobEndpoint') ? { account } : { message: 'the connection string has no BlobEndpoint', fix }
  if (!account) return { message: 'the connection string has no AccountName', fix }
  const key = parts.get('AccountKey')
  if (!key) return { message: 'the connection string has no AccountKey', fix }
  return isKey(key) ? { account } : { message: 'the AccountKey in the connection string is not base64', fix }
}

/** Whether a text can be the key of a storage account at all: base64, whatever its length, as local accounts have any. */
export function isKey(text: string): boolean {
  return /^[\w+/-]+={0,2}$/.test(text) && text.length % 4 === 0
}

/** Whether an event hub can have this name: the rule of Azure for them. */
export function isHubName(text: string): boolean {
  return text.length <= 256 && /^[a-z0-9]([\w.-]*[a-z0-9])?$/i.test(text)
}

export const hubNameRule =
  '1 to 256 letters, digits, `.`, `-` and `_`; a letter or digit at the beginning and at the end'

export function isFlaw(result: object): result is Flaw {
  return 'fix' in result
}

function splitParts(text: string): Map<string, string> | Flaw {
  const parts = new Map<string, string>()
  for (const part of text.split(';').map(each => each.trim())) {
    if (part === '') continue
    const at = part.indexOf('=')
    if (at <= 0) return { message: 'the connection string has a part that is not `Key=value`', fix: portal }
    parts.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  return parts
}

/** Known keys in another case only: nothing secret can stand before the equals sign then. */
function printableKey(key: string): string {
  return key.replace(/[^A-Za-z]/g, '')
}
