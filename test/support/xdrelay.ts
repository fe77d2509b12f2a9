import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Running {
  readonly process: ChildProcess
  /** Everything it has written so far. */
  stdout(): string
  stderr(): string
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** The real command line in a process of its own; killed when the test ends. `redirect` is shell, as `2>/dev/full`. */
export function xdrelay(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; input?: string; redirect?: string } = {},
): Running {
  // A shell for what it alone can do; the command takes its place and its process id.
  const shell = options.redirect === undefined ? [] : ['sh', '-c', `exec "$@" ${options.redirect}`, 'sh']
  const [command, ...rest] = [...shell, process.execPath, main, ...args]
  const child = spawn(command!, rest, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(options.input)
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', part => {
    stdout += part
  })
  child.stderr!.setEncoding('utf8').on('data', part => {
    stderr += part
  })
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    kill: async signal => {
      child.kill(signal)
      return ended
    },
  }
}
