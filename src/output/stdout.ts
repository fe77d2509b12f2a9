import { messageOf } from '../core/errors.ts'
import type { Chunk, Delivery } from '../core/types.ts'
import type { CheckedOutput, OutputKind } from './policy.ts'

/** NDJSON on standard output; a document counts as delivered when the reader's pipe, terminal or file took it. */
export const stdout = {
  schema: { type: 'object', properties: {} },
  concurrency: 1,
  batch: { bytes: 1024 * 1024, count: 5000, age: 100 },
  create: (_name: string, _options: object, deps: { readonly stdout: NodeJS.WritableStream }) =>
    new StdoutOutput(deps.stdout),
} as const satisfies OutputKind

class StdoutOutput implements CheckedOutput {
  readonly #stream: NodeJS.WritableStream
  /** The stream reports its error to every write too; this only keeps it from ending the process. */
  readonly #ignore = () => {}

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream
  }

  async open(): Promise<void> {
    this.#stream.on('error', this.#ignore)
  }

  async check(): Promise<string> {
    return 'standard output'
  }

  async write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
    const filled = chunks.filter(chunk => chunk.ids.length > 0)
    if (filled.length === 0) return { rejected: [], retry: [], duplicates: 0 }
    const lines = filled.length === 1 ? filled[0]!.lines : Buffer.concat(filled.map(chunk => chunk.lines))
    const outage = await this.#put(lines, signal)
    if (outage === undefined) return { rejected: [], retry: [], duplicates: 0 }
    const count = filled.reduce((sum, chunk) => sum + chunk.ids.length, 0)
    return { rejected: [], retry: Array.from({ length: count }, (_, index) => index), duplicates: 0, outage }
  }

  async close(): Promise<void> {
    this.#stream.off('error', this.#ignore)
  }

  /** Resolves once the bytes have left the process, with what went wrong if they did not. Waits for a slow reader. */
  #put(lines: Uint8Array, signal: AbortSignal): Promise<string | undefined> {
    return new Promise(resolve => {
      const abort = () => resolve('aborted')
      if (signal.aborted) return abort()
      signal.addEventListener('abort', abort, { once: true })
      this.#stream.write(lines, error => {
        signal.removeEventListener('abort', abort)
        resolve(error ? problem(error) : undefined)
      })
    })
  }
}

function problem(error: NodeJS.ErrnoException): string {
  const closed = ['EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'].includes(error.code ?? '')
  return closed ? 'the reader of standard output is gone; stop xdrelay or start it anew' : messageOf(error)
}
