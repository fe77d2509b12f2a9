import { existsSync } from 'node:fs'

/** A folder of the package itself, with a slash at the end, whether this runs from src/ or from dist/. */
export function packageFolder(name: string): URL {
  let directory = new URL('./', import.meta.url)
  while (!existsSync(new URL('package.json', directory))) {
    const parent = new URL('../', directory)
    if (parent.href === directory.href) throw new Error(`no package.json above ${import.meta.url}`)
    directory = parent
  }
  return new URL(`${name}/`, directory)
}
