import { type Profiler, Session } from 'node:inspector/promises'

export interface ProfileLine {
  /** The function, with file and line; V8's own without. */
  readonly where: string
  /** Share of the time that was spent in it and not in what it calls; native code counts for its caller. */
  readonly share: number
}

/** Where `work` spends its time, by samples of V8: the functions with the largest shares. */
export async function profileOf(work: () => void, most: number): Promise<ProfileLine[]> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 200 })
    await session.post('Profiler.start')
    work()
    const { profile } = await session.post('Profiler.stop')
    return sharesOf(profile).slice(0, most)
  } finally {
    session.disconnect()
  }
}

function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): ProfileLine[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  let total = 0
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!
    // The profiler itself.
    if (name === 'post') continue
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]!)
    total += timeDeltas[index]!
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .map(([where, time]) => ({ where, share: Number((time / total).toFixed(3)) }))
}

function nameOf({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const file = url.split('/src/')[1]
  return file === undefined ? functionName || '(unnamed)' : `${functionName || '(unnamed)'} ${file}:${lineNumber + 1}`
}
