import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Storage } from '../src/emulator/storage.ts'
import type { FilledHub, Filling } from './hub.ts'

/** A hub in a process of its own, already filled. */
export async function startFilledHub(filling: Filling): Promise<FilledHub & { stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL('hub.ts', import.meta.url)), { serialization: 'advanced' })
  const gone = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the hub ended with ${code}`)))
  gone.catch(() => {})
  child.send(filling)
  const [filled] = (await Promise.race([once(child, 'message'), gone])) as [FilledHub]
  return { ...filled, stop: () => end(child, 'SIGKILL') }
}

export interface RelayOptions {
  readonly hub: string
  readonly storage: Storage
  readonly workers?: number
  /** YAML of one entry of `outputs`; `DIR` stands for the run's own directory. */
  readonly output: string
}

/** Milliseconds; a run that is not through by then hangs. */
const mostAge = 180_000

/** `xdrelay run` as its users start it, and what the system says about its process. */
export class Relay {
  readonly directory: string
  readonly #child: ChildProcess
  readonly #startedAt = performance.now()
  /** Unlike the hub and the storage, xdrelay does not see the end of whoever started it. */
  readonly #kill = () => {
    this.#child.kill('SIGKILL')
    rmSync(this.directory, { recursive: true, force: true })
  }
  #admin = ''
  /** What it said last, for the error when it does not do what it should. */
  readonly #said: string[] = []

  constructor({ hub, storage, workers, output }: RelayOptions) {
    this.directory = mkdtempSync(join(tmpdir(), 'xdrelay-bench-'))
    const config = {
      version: 1,
      ...(workers === undefined ? {} : { workers }),
      sources: { bench: { event_hub: { connection_string: hub, start: 'earliest' } } },
      checkpoints: {
        storage_account: storage.account,
        storage_account_key: storage.key,
        endpoint: storage.endpoint,
        container: `bench-${process.pid}-${Date.now()}`,
      },
      outputs: { bench: JSON.parse(output.replaceAll('DIR', this.directory)) as unknown },
      dead_letter: { file: { path: join(this.directory, 'dead') } },
      admin: { listen: '127.0.0.1:0' },
    }
    // JSON is YAML.
    const file = join(this.directory, 'xdrelay.yaml')
    writeFileSync(file, JSON.stringify(config))
    const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
    const args = [main, 'run', '--config', file, '--log-format', 'text', '--log-level', 'info']
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    process.once('exit', this.#kill)
    createInterface({ input: this.#child.stderr! }).on('line', line => this.#read(line))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Milliseconds since the process was started. */
  get age(): number {
    return performance.now() - this.#startedAt
  }

  /** Waits until a file under `out` holds something; no load on the process that is measured. */
  async firstDelivery(): Promise<number> {
    for (;;) {
      this.#mustRun()
      const names = list(join(this.directory, 'out'))
      if (names.some(name => statSync(join(this.directory, 'out', name)).size > 0)) return this.age
      await sleep(5)
    }
  }

  /** Records that ended at the output, however they did. */
  async settled(): Promise<number> {
    return this.#sum('xdrelay_records_settled_total')
  }

  /** Messages that were taken from the hub. */
  async received(): Promise<number> {
    return this.#sum('xdrelay_source_messages_received_total')
  }

  /** Bytes that count against the budget. */
  async inFlight(): Promise<number> {
    return this.#sum('xdrelay_memory_used_bytes')
  }

  /** Seconds of processor time of all threads since the start. */
  cpu(): number {
    return secondsOf(this.#proc('stat'))
  }

  /** Seconds of processor time since the start, by the name of the thread; V8's own and libuv's are several each. */
  threads(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const id of readdirSync(`/proc/${this.pid}/task`)) {
      const stat = this.#proc(`task/${id}/stat`)
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      sums[name] = Number(((sums[name] ?? 0) + secondsOf(stat)).toFixed(2))
    }
    return Object.fromEntries(Object.entries(sums).filter(([, seconds]) => seconds > 0))
  }

  /** MiB: now, and the most so far. */
  memory(): { now: number; peak: number } {
    const status = this.#proc('status')
    const kib = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1])
    return { now: Math.round(kib('VmRSS') / 1024), peak: Math.round(kib('VmHWM') / 1024) }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill)
    await end(this.#child, 'SIGKILL')
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #sum(metric: string): Promise<number> {
    this.#mustRun()
    if (this.#admin === '') return 0
    const text = await (await fetch(`${this.#admin}/metrics`)).text()
    const lines = text.split('\n').filter(line => line.startsWith(metric))
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  #read(line: string): void {
    const address = /admin endpoint on (\S+)/.exec(line)?.[1]
    if (address !== undefined) this.#admin = address.startsWith('http') ? address : `http://${address}`
    this.#said.push(line)
    if (this.#said.length > 20) this.#said.shift()
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.pid}/${file}`, 'utf8')
  }

  #mustRun(): void {
    const { exitCode, signalCode } = this.#child
    const over = exitCode ?? signalCode ?? (this.age > mostAge ? 'no result in time' : null)
    if (over !== null) throw new Error(`xdrelay: ${over}\n${this.#said.join('\n')}`)
  }
}

/** User and system time of a `stat` file of Linux, which reports hundredths on every platform that Node runs on. */
function secondsOf(stat: string): number {
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
