import { readFile } from 'node:fs/promises'
import type { Running } from './xdrelay.ts'

/** Peak resident memory so far, in MiB. It is one process, so this is all that xdrelay takes. Linux only. */
export async function peakMemory({ process }: Running): Promise<number> {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${process.pid}/status`, 'utf8'))!
  return Number(kib) / 1024
}
