import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type FlowFigures, measureFlow, measureMemory } from './process.ts'
import { SlowCores } from './slow-cores.ts'
import { measureThreads } from './threads.ts'
import { measureTransform, profileTransform } from './transform.ts'
import { measureSnapshots } from './vulnerabilities.ts'

/**
 * `npm run bench -- [--quick] [--only a,b,c,d,e]`: a the transform alone, b hub to file, c memory behind a blocked output,
 * d a snapshot of vulnerabilities, the collector alone, e hub to file on slow cores, one for each thread.
 */
const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: 'a,b,c,d,e' } },
})
const quick = values.quick
const parts = new Set(values.only.split(','))
const unknown = [...parts].find(part => !['a', 'b', 'c', 'd', 'e'].includes(part))
if (unknown !== undefined) throw new Error(`--only takes a, b, c, d and e, not ${unknown}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const machine = { node: process.version, cpu: cpus()[0]?.model.trim() ?? '', cores: cpus().length }
const results: Record<string, unknown> = { date: new Date().toISOString(), ...machine, quick, load: {} }
print(`${machine.node}, ${machine.cores} × ${machine.cpu}`)

if (parts.has('a')) {
  const figures = measured('a', measureTransform(quick))
  for (const { mix, ratio, recordsPerSecond, megabytesPerSecond, ceilingRecordsPerSecond } of figures) {
    row('a', mix, `${ratio.toFixed(2)} of the ceiling`, [
      `${recordsPerSecond} records/s, ${megabytesPerSecond} MB/s`,
      `ceiling ${ceilingRecordsPerSecond} records/s`,
    ])
  }
  const { oneWorker, twoWorkers, ratio } = measured('threads', await measureThreads(quick))
  row('a', '2 worker threads by 1, without hub and output', `${ratio.toFixed(2)} times`, [
    `${oneWorker} and ${twoWorkers} records/s`,
  ])
  print('a  where the time goes, all tables:')
  for (const { where, share } of measured('profile', await profileTransform(quick))) {
    print(`   ${(share * 100).toFixed(1).padStart(5)} %  ${where}`)
  }
}
if (parts.has('b')) flowRows('b', measured('b', await measureFlow(quick, [1, 2, 1, 2])))
if (parts.has('c')) {
  const figures = measured('c', await measureMemory(quick))
  const { partitions, waitingMegabytes, blockedSeconds, inFlightMegabytes, peakRss, lastRss } = figures
  const what = `${partitions} partitions, ${waitingMegabytes} MB waiting, blocked for ${blockedSeconds} s`
  row('c', what, `peak ${peakRss} MiB`, [`at the end ${lastRss} MiB`, `in flight ${inFlightMegabytes} MB`])
}
if (parts.has('d')) {
  for (const figures of measured('d', await measureSnapshots(quick))) {
    const { rows, devices, rowsPerSecond, rowsPerCpuSecond, firstRss, peakRss, megabytes } = figures
    row('d', `${rows} vulnerability rows on ${devices} devices`, `${rowsPerCpuSecond} rows per CPU-second`, [
      `${rowsPerSecond} rows/s`,
      `${megabytes} MB`,
      `peak ${peakRss} MiB, ${firstRss} before`,
    ])
  }
}
if (parts.has('e') && SlowCores.available) {
  const cores = new SlowCores(0.15)
  print(`e  each thread of xdrelay has a core that is ${cores.share} of one of this machine`)
  try {
    flowRows('e', measured('e', await measureFlow(quick, [1, 2, 4, 6, 6, 4, 2, 1], cores)))
  } finally {
    cores.free()
  }
} else if (parts.has('e')) print('e  left out: takes Linux with version 1 of control groups, and root')

const directory = new URL('results/', import.meta.url)
mkdirSync(directory, { recursive: true })
writeFileSync(new URL('latest.json', directory), `${JSON.stringify(results, null, 2)}\n`)

function flowRows(part: string, flows: readonly FlowFigures[]): void {
  for (const figures of flows) {
    row(part, `hub to file, workers: ${figures.workers}`, `${figures.recordsPerCpuSecondWarm} records per CPU-second`, [
      `${figures.recordsPerCpuSecond} with start`,
      `${figures.recordsPerSecond} records/s`,
      `first record after ${figures.firstRecord} ms`,
      `peak ${figures.peakRss} MiB`,
    ])
    const threads = Object.entries(figures.threads).map(entry => entry.join(' '))
    print(`   processor seconds: ${threads.join(', ')}`)
  }
  const speed = (workers: number) =>
    flows.reduce((sum, flow) => sum + (flow.workers === workers ? flow.recordsPerSecond : 0), 0)
  for (const workers of new Set(flows.map(flow => flow.workers).filter(each => each > 1))) {
    row(part, `hub to file, ${workers} workers by 1`, `${(speed(workers) / speed(1)).toFixed(2)} times`, [])
  }
}

/** Keeps the figures with the load that the machine had meanwhile, ours included. */
function measured<T>(part: string, figures: T): T {
  results[part] = figures
  const load = Number(loadavg()[0]!.toFixed(2))
  Object.assign(results.load as object, { [part]: load })
  print(`load average at the end of ${part}: ${load}`)
  return figures
}

function row(part: string, what: string, main: string, rest: readonly string[]): void {
  print(`${part}  ${what.padEnd(48)} ${main.padStart(34)}   ${rest.join(', ')}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
