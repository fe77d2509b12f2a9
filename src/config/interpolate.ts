import { isNoText } from './text.ts'

/** Where `${env:…}` and `${file:…}` are looked up. */
export interface Lookup {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => string
  /** Absolute path for a path in the configuration. */
  readonly resolve: (path: string) => string
}

export interface Interpolated {
  readonly text: string
  /** Anything was looked up: the text stands for any type then. */
  readonly replaced: boolean
  /** What came out was written in the configuration itself, be it as a default. */
  readonly plain: boolean
  /** Part of it came from a file, which usually means a secret. */
  readonly fromFile: boolean
  /** Absolute path of the file that all of it came from. */
  readonly file?: string
  readonly problems: readonly { readonly message: string; readonly fix: string }[]
}

type Replacement = { text: string; from: 'env' | 'file' | 'default' } | { message: string; fix: string }

/**
 * Replaces `${env:A}`, `${env:A:-default}`, `${env:A:?text}` and `${file:path}`; `$$` is a dollar sign, any other dollar
 * sign stands for itself. What is looked up is text and is not looked into again. An empty variable counts as not set.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const used = new Set<string>()
  const problems: { message: string; fix: string }[] = []
  const result = text.replaceAll(/\$\$|\$\{([^}]*)(\}?)/g, (match, inner: string | undefined, end: string) => {
    if (match === '$$') return '$'
    const found = replace(inner ?? '', end === '}', lookup)
    if ('message' in found) problems.push(found)
    else used.add(found.from)
    return 'message' in found ? '' : found.text
  })
  const [, path] = /^\$\{file:([^}]+)\}$/.exec(text) ?? []
  const looked = used.has('env') || used.has('file')
  return {
    text: result,
    replaced: used.size > 0,
    plain: !looked && problems.length === 0,
    fromFile: used.has('file'),
    ...(path !== undefined && { file: lookup.resolve(path) }),
    problems,
  }
}

function replace(inner: string, closed: boolean, lookup: Lookup): Replacement {
  const variable = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::([-?])(.*))?$/s.exec(inner)
  if (closed && variable) return fromEnvironment(variable, lookup)
  const path = inner.startsWith('file:') ? inner.slice('file:'.length) : ''
  if (closed && path) return fromFile(path, lookup)
  return {
    message: `is not a complete \${env:NAME}, \${env:NAME:-default}, \${env:NAME:?text} or \${file:PATH}`,
    fix: 'Write one of these; for a dollar sign itself, write $$.',
  }
}

function fromEnvironment([, name, operator, rest]: RegExpExecArray, lookup: Lookup): Replacement {
  const value = lookup.env[name!]
  if (value) return { text: value, from: 'env' }
  if (operator === '-') return { text: rest ?? '', from: 'default' }
  const reason = operator === '?' && rest ? `: ${rest}` : ''
  return {
    message: `environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}${reason}`,
    fix: `Set ${name}.`,
  }
}

function fromFile(path: string, lookup: Lookup): Replacement {
  try {
    const text = lookup.readFile(lookup.resolve(path)).replace(/\r?\n$/, '')
    if (text) return { text, from: 'file' }
    return { message: `file ${path} is empty`, fix: `Write the value to ${path}.` }
  } catch (error) {
    if (isNoText(error)) return { message: `file ${path} is not in UTF-8`, fix: 'Save it as UTF-8.' }
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    return { message: `cannot read file ${path} (${reason})`, fix: 'Check the path and its permissions.' }
  }
}
