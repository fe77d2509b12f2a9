import { accessSync, constants, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'

const groups = '/sys/fs/cgroup/cpu'
const ours = `${groups}/xdrelay-bench`
/** Microseconds; short, as a thread that has used up its share stands still until the next. */
const period = 10_000

/**
 * Gives each thread of a process a core of its own that is as slow as wanted: a group with a quota. So a machine of few
 * cores shows how work spreads over more of them, all but what they would share besides: caches and the way to memory.
 */
export class SlowCores {
  /** Of a core of this machine. */
  readonly share: number

  constructor(share: number) {
    this.share = share
    mkdirSync(ours, { recursive: true })
    // What a run left that was interrupted.
    this.#empty()
  }

  /** Whether this is Linux with version 1 of control groups, and we are root. */
  static get available(): boolean {
    try {
      accessSync(`${groups}/cpu.cfs_quota_us`, constants.W_OK)
      return true
    } catch {
      return false
    }
  }

  /** Slows the threads that a process has now; ask again while it may start others. */
  hold(pid: number): void {
    const held = new Set(readdirSync(ours))
    for (const thread of readdirSync(`/proc/${pid}/task`).filter(id => !held.has(id))) {
      mkdirSync(`${ours}/${thread}`)
      writeFileSync(`${ours}/${thread}/cpu.cfs_period_us`, String(period))
      writeFileSync(`${ours}/${thread}/cpu.cfs_quota_us`, String(Math.round(period * this.share)))
      writeFileSync(`${ours}/${thread}/tasks`, thread)
    }
  }

  /** Once the processes are gone: a group that holds a thread cannot be removed. */
  free(): void {
    this.#empty()
    rmdirSync(ours)
  }

  #empty(): void {
    for (const entry of readdirSync(ours, { withFileTypes: true })) {
      if (entry.isDirectory()) rmdirSync(`${ours}/${entry.name}`)
    }
  }
}
