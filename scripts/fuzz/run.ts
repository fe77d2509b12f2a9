import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { messageOf } from '../../src/core/errors.ts'
import { createInputs } from './inputs.ts'
import { type Check, createCheck } from './invariants.ts'
import { checkBulk, checkDeadLetter } from './lines.ts'
import { shrink } from './shrink.ts'

/** An input that broke an invariant, as it is kept in a file. */
interface Failure {
  readonly error: string
  readonly mode: keyof typeof modes
  /** The message bodies, base64, made as small as they still fail. */
  readonly bodies: readonly string[]
  /** As they were found. */
  readonly original: readonly string[]
}

interface Fuzzing {
  readonly seed: string
  /** Asked before each input, with how many there were. */
  readonly goOn: (inputs: number) => boolean
  readonly print: (line: string) => void
  /** Where failing inputs are kept; a fresh one below the system's when absent. */
  readonly directory?: string | undefined
  /** What is put to the test; absent: the transform. */
  readonly create?: Parameters<typeof createCheck>[1]
}

interface Totals {
  inputs: number
  messages: number
  documents: number
  rejects: number
  readonly reasons: Record<string, number>
  slowest: { time: number; input: number; bytes: number }
}

const modes = {
  usual: {},
  strict: { strict: true },
  preserve: { preserveDuplicateCustomFields: true },
} as const
/** Most inputs go through the usual way. */
const order: readonly (keyof typeof modes)[] = ['usual', 'usual', 'usual', 'strict', 'preserve']
/** Every so many inputs also go through what outputs do with documents and rejects. */
const outputEvery = 4
const progressEvery = 10_000

/** Sends inputs through the transform until told to stop or one fails; true when one did. Same seed, same inputs. */
export function fuzz({ seed, goOn, print, directory, create }: Fuzzing): boolean {
  const next = createInputs(seed)
  const [usual, strict, preserve] = [modes.usual, modes.strict, modes.preserve].map(mode => createCheck(mode, create))
  const checks = { usual: usual!, strict: strict!, preserve: preserve! }
  const totals: Totals = {
    inputs: 0,
    messages: 0,
    documents: 0,
    rejects: 0,
    reasons: {},
    slowest: { time: 0, input: 0, bytes: 0 },
  }
  let reported = performance.now()
  print(`seed ${seed}`)
  for (; goOn(totals.inputs); totals.inputs++) {
    const bodies = next()
    const mode = order[totals.inputs % order.length]!
    const error = failureOf(bodies, checks[mode], totals)
    if (error !== undefined) {
      report({ error, mode, bodies, check: checks[mode], seed, totals, print, directory })
      return true
    }
    if (performance.now() - reported > progressEvery) {
      reported = performance.now()
      print(summary(totals))
    }
  }
  print(`${summary(totals)}; no failure`)
  return false
}

/** Runs a kept input again; true when it still fails. */
export function replay(file: string, print: (line: string) => void): boolean {
  const { mode, bodies } = JSON.parse(readFileSync(file, 'utf8')) as Failure
  const error = problem(
    bodies.map(body => Buffer.from(body, 'base64')),
    createCheck(modes[mode]),
    true,
  )
  print(error === undefined ? 'no failure' : messageOf(error))
  if (error instanceof Error && error.stack) print(error.stack)
  return error !== undefined
}

function failureOf(bodies: readonly Uint8Array[], check: Check, totals: Totals): unknown {
  return problem(bodies, check, totals.inputs % outputEvery === 0, totals)
}

/** What went wrong with an input; undefined when nothing did. */
function problem(bodies: readonly Uint8Array[], check: Check, withOutputs: boolean, totals?: Totals): unknown {
  try {
    const { result, time } = check(bodies)
    if (withOutputs) {
      checkBulk(result.chunk)
      for (const reject of result.rejects) checkDeadLetter(reject)
    }
    if (totals !== undefined) count(totals, bodies, result, time)
    return undefined
  } catch (error) {
    return error ?? new Error('nothing was thrown')
  }
}

function count(
  totals: Totals,
  bodies: readonly Uint8Array[],
  { chunk, rejects }: ReturnType<Check>['result'],
  time: number,
): void {
  totals.messages += bodies.length
  totals.documents += chunk.ids.length
  totals.rejects += rejects.length
  for (const { reason } of rejects) totals.reasons[reason] = (totals.reasons[reason] ?? 0) + 1
  if (time <= totals.slowest.time) return
  totals.slowest = { time, input: totals.inputs, bytes: bodies.reduce((sum, { length }) => sum + length, 0) }
}

function summary({ inputs, messages, documents, rejects, reasons, slowest }: Totals): string {
  const list = Object.entries(reasons).map(([reason, times]) => `${reason} ${times}`)
  const slow = `slowest ${slowest.time.toFixed(0)} ms (input ${slowest.input}, ${slowest.bytes} bytes)`
  return `${inputs} inputs, ${messages} messages, ${documents} documents, ${rejects} rejects (${list.join(', ')}), ${slow}`
}

interface Found extends Omit<Fuzzing, 'goOn' | 'create'> {
  readonly error: unknown
  readonly mode: Failure['mode']
  readonly bodies: readonly Uint8Array[]
  readonly check: Check
  readonly totals: Totals
}

function report({ error, mode, bodies, check, seed, totals, print, directory }: Found): void {
  const smaller = shrink(bodies, some => {
    const other = problem(some, check, true)
    return other !== undefined && kindOf(other) === kindOf(error)
  })
  const target = directory === undefined ? mkdtempSync(join(tmpdir(), 'xdrelay-fuzz-')) : resolve(directory)
  mkdirSync(target, { recursive: true })
  const file = join(target, `${seed.replace(/[^\w-]/g, '_').slice(0, 50)}-${totals.inputs}.json`)
  const failure: Failure = { error: messageOf(error), mode, bodies: smaller.map(base64), original: bodies.map(base64) }
  writeFileSync(file, `${JSON.stringify(failure)}\n`)
  print(summary(totals))
  print(`FAILURE at input ${totals.inputs} (${mode}): ${messageOf(error)}`)
  for (const body of smaller) print(Buffer.from(body).toString().slice(0, 2000))
  print(`kept in ${file}; again: npm run fuzz -- --replay ${file}`)
}

/** Whether two failures are one: their words, without the numbers and values in them. */
function kindOf(error: unknown): string {
  return messageOf(error).replace(/\d+/g, '').slice(0, 30)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
