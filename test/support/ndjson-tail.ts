import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Follows every NDJSON file of a folder; each call reads only what has been added, whole lines only. */
export class NdjsonTail {
  readonly #folder: string
  readonly #offsets = new Map<string, number>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async read(visit: (line: string) => void): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names.filter(each => each.endsWith('.ndjson'))) await this.#readFile(name, visit)
  }

  async #readFile(name: string, visit: (line: string) => void): Promise<void> {
    const from = this.#offsets.get(name) ?? 0
    await using file = await open(join(this.#folder, name))
    const { size } = await file.stat()
    if (size <= from) return
    const { buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    const end = buffer.lastIndexOf(10) + 1
    this.#offsets.set(name, from + end)
    for (const line of buffer.toString('utf8', 0, end).split('\n')) if (line !== '') visit(line)
  }
}
