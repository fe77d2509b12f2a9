import type { RewindableSource } from './types.ts'

/** Restarts all sources, with a moment at which all of them stand still: then `settled` is called, once. */
export async function restartTogether(
  sources: readonly RewindableSource[],
  settled: () => Promise<void>,
): Promise<void> {
  const halts = sources.map(() => Promise.withResolvers<void>())
  const all = Promise.all(halts.map(halt => halt.promise)).then(settled)
  const restarts = sources.map((source, index) =>
    source
      .restart(() => {
        halts[index]!.resolve()
        return all
      })
      .catch(error => {
        halts[index]!.reject(error)
        throw error
      }),
  )
  await Promise.all(restarts)
}
