/** What is wrong with a connection string, in words that never quote a value of it. */
export interface Flaw {
  readonly message: string
  readonly fix: string
}

/** The name of the account in a connection string of a storage account. */
export function parseStorageConnectionString(text: string): { readonly account: string | undefined } | Flaw {
  const fix = 'Copy the connection string again from the portal (Access keys of the storage account).'
  const parts = splitParts(text, fix)
  if (!(parts instanceof Map)) return parts
  if (parts.get('UseDevelopmentStorage') === 'true') return { account: 'devstoreaccount1' }
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

export function isFlaw(result: object): result is Flaw {
  return 'fix' in result
}

/** The parts of a connection string by their keys; `fix` says what to do about one that has none. */
export function splitParts(text: string, fix: string): Map<string, string> | Flaw {
  const parts = new Map<string, string>()
  for (const part of text.split(';').map(each => each.trim())) {
    if (part === '') continue
    const at = part.indexOf('=')
    if (at <= 0) return { message: 'the connection string has a part that is not `Key=value`', fix }
    parts.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  return parts
}
