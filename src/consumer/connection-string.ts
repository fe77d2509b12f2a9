import { type Flaw, splitParts } from '../storage/connection-string.ts'

/** Read from a connection string of Event Hubs. Never holds the key. */
export interface HubAddress {
  /** Host name, lower case, without port. */
  readonly namespace: string
  /** From EntityPath. */
  readonly eventHub: string | undefined
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
 * (hazard K), and it takes a misspelt key as absent without a word.
 */
export function parseHubConnectionString(text: string): HubAddress | Flaw {
  const parts = splitParts(text, portal)
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

/** Whether an event hub can have this name: the rule of Azure for them. */
export function isHubName(text: string): boolean {
  return text.length <= 256 && /^[a-z0-9]([\w.-]*[a-z0-9])?$/i.test(text)
}

export const hubNameRule =
  '1 to 256 letters, digits, `.`, `-` and `_`; a letter or digit at the beginning and at the end'

/** Known keys in another case only: nothing secret can stand before the equals sign then. */
function printableKey(key: string): string {
  return key.replace(/[^A-Za-z]/g, '')
}
