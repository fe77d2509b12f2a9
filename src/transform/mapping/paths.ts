import { optional, scalarText } from './values.ts'

/** Folder and file name, where the folder comes with or without the name at its end. */
export function splitPath(folder: unknown, file: unknown): Record<string, unknown> | undefined {
  const path = scalarText(folder)
  const name = scalarText(file)
  if (path === undefined) return name === undefined ? undefined : { name, extension: extensionOf(name) }
  if (name === undefined) return { path, directory: parentOf(path), name: optional(path.slice(endOfParent(path) + 1)) }
  if (endsWithName(path, name)) return { path, directory: parentOf(path), name, extension: extensionOf(name) }
  return { path: join(path, name), directory: path, name, extension: extensionOf(name) }
}

/** The path alone: what `splitPath` calls so. */
export function fullPath(folder: unknown, file: unknown): string | undefined {
  const path = scalarText(folder)
  const name = scalarText(file)
  return path === undefined || name === undefined || endsWithName(path, name) ? path : join(path, name)
}

function join(folder: string, name: string): string {
  const isWindows = folder.includes('\\') || /^[A-Za-z]:/.test(folder) || !folder.includes('/')
  const separator = isWindows && !isPosix(folder) ? '\\' : '/'
  return folder.endsWith(separator) ? [folder, name].join('') : [folder, name].join(separator)
}

/** Then a backslash is a part of a name. */
function isPosix(path: string): boolean {
  return path.startsWith('/')
}

function endsWithName(path: string, name: string): boolean {
  if (!path.endsWith(name) && path.slice(-name.length).toLowerCase() !== name.toLowerCase()) return false
  const before = path[path.length - name.length - 1]
  return before === undefined || before === '\\' || before === '/'
}

function endOfParent(path: string): number {
  const backslash = isPosix(path) ? -1 : path.lastIndexOf('\\')
  return backslash === -1 ? path.lastIndexOf('/') : backslash
}

function parentOf(path: string): string | undefined {
  const end = endOfParent(path)
  return end <= 0 ? undefined : optional(path.slice(0, end))
}

export function extensionOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.')
  return dot === -1 ? undefined : optional(name.slice(dot + 1))
}
