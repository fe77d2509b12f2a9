import { parseArgs } from 'node:util'
import { fuzz, replay } from './fuzz/run.ts'

// `npm run fuzz -- [--seconds N] [--seed S] [--keep DIR]`, or `--replay FILE` for an input that failed before.
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now()) },
    keep: { type: 'string' },
    replay: { type: 'string' },
  },
})
const seconds = Number(values.seconds)

if (!(seconds > 0)) {
  console.error(`--seconds takes a number above 0, not ${values.seconds}`)
  process.exitCode = 64
} else {
  const until = performance.now() + seconds * 1000
  const goOn = () => performance.now() < until
  const failed =
    values.replay === undefined
      ? fuzz({ seed: values.seed, goOn, print: console.log, directory: values.keep })
      : replay(values.replay, console.log)
  if (failed) process.exitCode = 1
}
