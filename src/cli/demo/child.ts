import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { XdrelayError } from '../../core/errors.ts'
import { endWithParent } from '../../emulator/storage.ts'

/** Another xdrelay command in a process of its own. */
export interface Child {
  /** Resolves with the exit code. */
  readonly ended: Promise<number>
  /** The next line of its standard output, read as JSON. Throws when it ends without one. */
  nextLine(): Promise<unknown>
  signal(name: NodeJS.Signals): void
  /** The end of what it said on standard error. */
  lastWords(): string
  /** Asks it to end and waits for it. */
  end(): Promise<void>
}

/** Starts `xdrelay ARGS` beside this process, and no longer than it; what it says on standard error is kept for the case that it fails. */
export function startChild(args: readonly string[]): Child {
  const child = spawn(process.execPath, ['--import', endWithParent, process.argv[1]!, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C is for the parent alone, which ends its children when it has no more use for them.
    detached: true,
  })
  const lastWords = keepLastWords(child)
  const ended = once(child, 'close').then(([code]) => (code as number | null) ?? 1)
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return {
    ended,
    lastWords,
    async nextLine() {
      const { value, done } = await lines.next()
      if (!done) return JSON.parse(value)
      await ended
      throw new XdrelayError('internal', `xdrelay ${args[0]} ended early: ${lastWords()}`)
    },
    signal: name => void child.kill(name),
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
