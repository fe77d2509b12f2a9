import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { XdrelayError } from '../../core/errors.ts'

/** Another xdrelay command in a process of its own. */
export interface Child {
  /** Resolves with the exit code. */
  readonly ended: Promise<number>
  /** The first line of its standard output, read as JSON. Throws when it ends without one. */
  firstLine(): Promise<unknown>
  /** The end of what it said on standard error. */
  lastWords(): string
  /** Asks it to end and waits for it. */
  end(): Promise<void>
}

/** Starts `xdrelay ARGS` beside this process; what it says on standard error is kept for the case that it fails. */
export function startChild(args: readonly string[]): Child {
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const lastWords = keepLastWords(child)
  const ended = once(child, 'close').then(([code]) => (code as number | null) ?? 1)
  return {
    ended,
    lastWords,
    async firstLine() {
      const lines = createInterface({ input: child.stdout! })
      const line = await Promise.race([
        once(lines, 'line').then(([text]) => text as string),
        ended.then(() => undefined),
      ])
      child.stdout!.resume()
      if (line === undefined) throw new XdrelayError('internal', `xdrelay ${args[0]} ended early: ${lastWords()}`)
      return JSON.parse(line)
    },
    async end() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function keepLastWords(child: ChildProcess): () => string {
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-2000)
  })
  return () => text.trim()
}
