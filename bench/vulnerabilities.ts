import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { environment, flags } from '../src/cli/process-limits.ts'
import type { Inventory } from '../src/emulator/microsoft/vulnerability-rows.ts'
import type { ReaderFigures } from './vulnerability-reader.ts'

export interface SnapshotFigures extends ReaderFigures {
  readonly devices: number
  readonly rowsPerSecond: number
  readonly rowsPerCpuSecond: number
}

/** A snapshot of as many rows on few devices and on many, read by a process of its own; and a small one beside them. */
export async function measureSnapshots(quick: boolean): Promise<SnapshotFigures[]> {
  const scale = quick ? 0.1 : 1
  const inventories = [
    { devices: 200 * scale, products: 500 },
    { devices: 2000 * scale, products: 500 },
    { devices: 60_000 * scale, products: 17 },
  ]
  const figures: SnapshotFigures[] = []
  for (const inventory of inventories) figures.push(await measureSnapshot(inventory))
  return figures
}

async function measureSnapshot(inventory: Inventory): Promise<SnapshotFigures> {
  const server = child('vulnerability-server.ts')
  const reader = child('vulnerability-reader.ts')
  try {
    const url = await asked<string>(server, inventory)
    const figures = await asked<ReaderFigures>(reader, url)
    const { rows, seconds, cpuSeconds } = figures
    return {
      ...figures,
      devices: inventory.devices,
      rowsPerSecond: Math.round(rows / seconds),
      rowsPerCpuSecond: Math.round(rows / cpuSeconds),
    }
  } finally {
    server.kill('SIGKILL')
    reader.kill('SIGKILL')
  }
}

/** With the settings that `xdrelay run` gives itself. */
function child(file: string): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [...process.execArgv, ...flags],
    env: { ...process.env, ...environment },
  })
}

async function asked<T>(child: ChildProcess, question: string | Inventory): Promise<T> {
  const gone = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`a process of the bench ended with ${code}`)),
  )
  gone.catch(() => {})
  child.send(question)
  const [answer] = (await Promise.race([once(child, 'message'), gone])) as [T]
  return answer
}
