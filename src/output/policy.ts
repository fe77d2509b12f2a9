import { XdrelayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Metrics } from '../core/metrics.ts'
import type { OptionSchema } from '../core/options.ts'
import type { Dataset, Output } from '../core/types.ts'
import { type FieldOptions, fieldsSchema } from './fields.ts'
import type { LanePolicy } from './lane.ts'

/** What an output may need of the process around it. */
export interface OutputDeps {
  readonly stdout: NodeJS.WritableStream
  /** Absent where no data moves. What goes wrong with a write is told by its `Delivery`, not here. */
  readonly watch?: { readonly metrics: Metrics; readonly log: Log }
}

/** An output that can also say whether it would work: for `xdrelay check`, and for nothing that moves data. */
export interface CheckedOutput extends Output {
  /**
   * Resolves with a few words on what was found; throws an `XdrelayError` when documents of these datasets could not be
   * written, or the current states of those of `current`.
   */
  check(signal: AbortSignal, datasets: readonly Dataset[], current?: readonly Dataset[]): Promise<string>
  /** True while nothing but room on its disk is missing. */
  readonly outOfSpace?: boolean
}

/** One kind of output: everything that the rest of the program knows of it. */
export interface OutputKind {
  /** What stands under the kind's key in the configuration. */
  readonly schema: OptionSchema
  /** How many writes may overlap. */
  readonly concurrency: number
  /** Where to cut batches when the configuration does not say: bytes, documents, milliseconds. */
  readonly batch: Batch
  /** Milliseconds between two tries at most, where a try costs nobody anything; 30 s otherwise. */
  readonly maxRetry?: number
  /** A field without which the target refuses a document; absent: it takes any line. */
  readonly requires?: string
  /** Whether it can replace a document by a later version, and so takes the current state of items. */
  readonly keepsCurrent?: true
  /** In words, where a document of this table goes when it is written at this time; absent: what the kind's name says. */
  readonly destination?: (options: never, table: string, time: Date) => string
  /** `options` is what the schema describes, checked and converted; throws `config_invalid` for what it cannot say. */
  create(name: string, options: never, deps: OutputDeps): CheckedOutput
}

/** `config_invalid` of one setting of a kind; the facts `setting` and `problem` are its parts. */
export function settingError(output: string, kind: string, setting: string, problem: string): XdrelayError {
  const message = `output ${output}: ${kind}.${setting}: ${problem}`
  return new XdrelayError('config_invalid', message, { facts: { setting, problem } })
}

interface Batch {
  readonly bytes: number
  readonly count: number
  readonly age: number
}

/** The keys that stand beside the kind's key, the same for every output. */
export interface CommonOptions {
  readonly required: boolean
  readonly tables: readonly string[]
  readonly format: 'ecs' | 'raw'
  readonly fields?: FieldOptions
  readonly batch?: Partial<Batch>
}

export const commonOptions = {
  required: {
    type: 'boolean',
    default: true,
    description: 'Whether checkpoints wait for this output; one that is not required never holds the others back.',
  },
  tables: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    default: ['*'],
    description: 'Which tables it gets: names with * for any characters; one that starts with ! leaves tables out.',
  },
  format: {
    type: 'string',
    enum: ['ecs', 'raw'],
    default: 'ecs',
    description: 'ecs: documents; raw: each record as it was received, on one line.',
  },
  fields: fieldsSchema,
  batch: {
    type: 'object',
    description: 'When a write is made: whichever limit is reached first.',
    properties: {
      bytes: { type: 'string', format: 'bytes', description: 'Bytes of documents.' },
      count: { type: 'integer', minimum: 1, description: 'Number of documents.' },
      age: {
        type: 'string',
        format: 'duration',
        maximum: 3_600_000,
        description: 'Time that the oldest document has waited; at most 1h.',
      },
    },
  },
} as const satisfies Record<string, OptionSchema>

/** How the lane in front of an output of this kind works. */
export function lanePolicy(kind: OutputKind, batch: Partial<Batch> = {}): LanePolicy {
  const { concurrency, maxRetry = 30_000 } = kind
  return { ...kind.batch, ...batch, concurrency, minRetry: 250, maxRetry }
}
