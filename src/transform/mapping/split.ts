import { splitCommandLine } from './command-line.ts'
import { toWords } from './convert.ts'
import { extensionOf, splitPath } from './paths.ts'
import { parseText } from './text-json.ts'
import { optional, scalarText } from './values.ts'

/** Value(s) in, several named values out; undefined when there is nothing to split. Never throws. */
export interface Split {
  readonly parts: readonly string[]
  readonly run: (...values: unknown[]) => Record<string, unknown> | undefined
}

/** What rules may name under `split`. */
export const splits: Record<string, Split> = {
  path: { parts: ['path', 'directory', 'name', 'extension'], run: splitPath },
  uri: {
    parts: [
      ...['original', 'scheme', 'domain', 'port', 'path', 'query', 'fragment', 'extension'],
      ...['username', 'password', 'user_info'],
    ],
    run: splitUri,
  },
  registry: { parts: ['hive', 'key'], run: splitRegistryKey },
  command_line: { parts: ['args', 'count'], run: splitArguments },
  signature: { parts: ['status', 'exists', 'trusted'], run: splitSignature },
  attack: { parts: ['ids', 'names', 'sub_ids', 'sub_names'], run: splitAttack },
  techniques: { parts: ['ids', 'sub_ids'], run: splitTechniques },
  address: { parts: ['name', 'domain'], run: splitAddress },
}

const hives: Record<string, string> = {
  HKEY_CLASSES_ROOT: 'HKCR',
  HKEY_CURRENT_USER: 'HKCU',
  HKEY_LOCAL_MACHINE: 'HKLM',
  HKEY_USERS: 'HKU',
  HKEY_CURRENT_CONFIG: 'HKCC',
}
const shortHives = new Set(Object.values(hives))

function splitRegistryKey(value: unknown): Record<string, unknown> | undefined {
  const text = scalarText(value)
  if (text === undefined) return undefined
  const end = text.indexOf('\\')
  const first = (end === -1 ? text : text.slice(0, end)).toUpperCase()
  const hive = shortHives.has(first) ? first : Object.hasOwn(hives, first) ? hives[first] : undefined
  if (hive === undefined) return { key: text }
  return { hive, key: end === -1 ? undefined : optional(text.slice(end + 1)) }
}

function splitArguments(value: unknown): Record<string, unknown> | undefined {
  const line = scalarText(value)
  if (line === undefined) return undefined
  const args = splitCommandLine(line)
  return args.length === 0 ? undefined : { args, count: args.length }
}

function splitSignature(value: unknown): Record<string, unknown> | undefined {
  const status = scalarText(value)
  if (status === 'Valid') return { status: 'trusted', exists: true, trusted: true }
  return status === 'Unsigned' ? { status, exists: false, trusted: false } : { status }
}

/** Names of techniques are short; the expression takes quadratic time for what is not. */
const longestTechnique = 300
const technique = /^(.*?)\s*\(\s*(T\d{4})(\.\d{3})?\s*\)\s*$/s

/**
 * Techniques written `Name (T1234)` or `Name (T1234.001)`: ids and names pairwise in source order. A technique that only
 * a sub-technique implies has no name, so its id follows after those that have one. Nothing for a text that is no list:
 * where one name ends and the next begins would be a guess.
 */
function splitAttack(value: unknown): Record<string, unknown> | undefined {
  const techniques = new Map<string, string>()
  const subs = new Map<string, string>()
  for (const word of listOf(value)) {
    const [, name, id, sub] = (word.length > longestTechnique ? null : technique.exec(word)) ?? []
    if (name === undefined || id === undefined || name === '') continue
    if (sub === undefined) techniques.set(id, techniques.get(id) ?? optional(name)!)
    else subs.set(id + sub, subs.get(id + sub) ?? optional(name)!)
  }
  if (techniques.size + subs.size === 0) return undefined
  const ids = new Set([...techniques.keys(), ...[...subs.keys()].map(id => id.slice(0, 5))])
  return {
    ids: [...ids],
    names: some([...techniques.values()]),
    sub_ids: some([...subs.keys()]),
    sub_names: some([...subs.values()]),
  }
}

function listOf(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? parseText(value) : value
  return (Array.isArray(list) ? toWords(list) : undefined) ?? []
}

/** Ids of techniques and sub-techniques, as `splitAttack` orders them. */
function splitTechniques(value: unknown): Record<string, unknown> | undefined {
  const words = new Set(toWords(value)?.map(word => word.trim()))
  const ids = [...words].filter(word => /^T\d{4}$/.test(word))
  const subs = [...words].filter(word => /^T\d{4}\.\d{3}$/.test(word))
  if (ids.length + subs.length === 0) return undefined
  return { ids: [...new Set([...ids, ...subs.map(id => id.slice(0, 5))])], sub_ids: some(subs) }
}

function some<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list
}

function splitAddress(value: unknown): Record<string, unknown> | undefined {
  const text = scalarText(value)
  const at = text?.lastIndexOf('@') ?? -1
  if (text === undefined || at <= 0) return undefined
  return { name: optional(text.slice(0, at)), domain: optional(text.slice(at + 1)) }
}

const uri =
  /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?$/s
// Letters of all alphabets, and what goes with them: names of hosts come as people write them, too.
const host = /^(?:[\w\p{L}\p{M}\p{N}-]+\.)*[\w\p{L}\p{M}\p{N}-]+(?:\.)?$|^\[[0-9a-fA-F:.]+\]$/u
const bareHost = /^((?:[\w\p{L}\p{M}\p{N}-]+\.)+[\w\p{L}\p{M}\p{N}-]+|localhost)(?::(\d{1,5}))?$/u

function splitUri(value: unknown): Record<string, unknown> | undefined {
  const original = scalarText(value)
  if (original === undefined) return undefined
  const bare = bareHost.exec(original)
  if (bare) return { original, domain: optional(bare[1]), port: portOf(bare[2]) }
  const whole = uri.exec(original)
  const match = whole ?? uri.exec(`x://${original}`)
  if (match === null || !host.test(match[3]!)) return { original }
  // `mailto:a@b`: without a scheme of hosts, what looks like a user may be anything.
  if (whole === null && match[2] !== undefined) return { original }
  const [, scheme, user, domain, port, path, query, fragment] = match
  const colon = user?.indexOf(':') ?? -1
  return {
    original,
    scheme: whole === null ? undefined : scheme!.toLowerCase(),
    domain: optional(domain),
    port: portOf(port),
    path: optional(path),
    query: optional(query),
    fragment: optional(fragment),
    extension: extensionOf(path?.slice(path.lastIndexOf('/') + 1) ?? ''),
    username: optional(colon === -1 ? user : user?.slice(0, colon)),
    password: optional(colon === -1 ? undefined : user?.slice(colon + 1)),
    user_info: optional(user),
  }
}

function portOf(text: string | undefined): number | undefined {
  const port = Number(text)
  return port <= 65535 ? port : undefined
}
