import { getHeapStatistics } from 'node:v8'

/** Bytes outside the heap that may gather before V8 is told to look what of them is still needed. */
const most = 24 << 20
/** Milliseconds between looks. */
const look = 100

/**
 * V8 lets 64 MiB outside its heap gather: as much again as may be in flight, and again. What was received and unpacked
 * outlives the young generation while it waits, so only a collection of all finds it. Does nothing where the process was
 * not started with `--expose-gc`, see `applyProcessLimits`. Ends with the process.
 */
export function collectEarly(): void {
  const collect = globalThis.gc
  if (collect === undefined) return
  let least = external()
  let isCollecting = false
  setInterval(() => {
    least = Math.min(least, external())
    if (isCollecting || external() - least < most) return
    isCollecting = true
    void collect({ type: 'major', execution: 'async' }).then(() => {
      least = external()
      isCollecting = false
    })
  }, look).unref()
}

function external(): number {
  return getHeapStatistics().external_memory
}
