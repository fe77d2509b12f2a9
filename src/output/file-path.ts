import { dirname, resolve, sep } from 'node:path'
import { XdrelayError } from '../core/errors.ts'
import { settingError } from './policy.ts'

const placeholder = /\{([^{}]*)\}/g
const known = ['table', 'date', 'hour']

/** The path of an output file, in which `{table}`, `{date}` and `{hour}` (UTC, of the time of writing) are filled in. */
export class FilePath {
  readonly #template: string
  /** The folder that no resolved path leaves: the fixed part before the first placeholder. */
  readonly folder: string
  /** True when the name depends on the records or the time. */
  readonly varies: boolean

  constructor(template: string, output: string) {
    const unknown = [...template.matchAll(placeholder)].map(([, name]) => name!).filter(name => !known.includes(name))
    if (unknown.length > 0 || template.endsWith('/')) {
      const problem = unknown.length > 0 ? `there is no placeholder {${unknown[0]}}` : 'a file name is missing'
      throw settingError(output, 'file', 'path', problem)
    }
    this.#template = template
    this.varies = template.includes('{')
    this.folder = this.varies ? dirname(resolve(`${template.slice(0, template.indexOf('{'))}x`)) : dirname(template)
  }

  resolve(table: string, time: Date): string {
    if (!this.varies) return this.#template
    const iso = time.toISOString()
    const values: Record<string, string> = { table: slug(table), date: iso.slice(0, 10), hour: iso.slice(11, 13) }
    const path = resolve(this.#template.replace(placeholder, (_match, name: string) => values[name]!))
    // A slug cannot lead outside; this stands guard for the day that another placeholder can.
    const base = this.folder.endsWith(sep) ? this.folder : this.folder + sep
    if (!path.startsWith(base)) throw new XdrelayError('internal', `${path} is outside ${this.folder}`)
    return path
  }
}

/** Names of tables come from records: only letters, digits, `_` and `-` reach the file system. */
function slug(name: string): string {
  return /^[\w-]{1,100}$/.test(name) ? name : 'unknown'
}
