import type { OptionSchema } from '../core/options.ts'
import type { Limits } from './record.ts'

export interface TransformOptions {
  /** Worker threads; absent: `workersFor` the cores that there are. */
  readonly workers?: number
  /** Reject a record with a column that does not fit its table's schema, rather than keep the value and report drift. */
  readonly strict: boolean
  readonly preserveDuplicateCustomFields: boolean
  /** Put the text of every record, exactly as it came, into `event.original`. */
  readonly preserveOriginalEvent: boolean
  /** `position`: one id per place in the hub. `content`: one id per content, so what the service sends twice is one document. */
  readonly ids: 'position' | 'content'
  readonly limits: Limits & {
    /** Messages of a hub with more bytes are rejected whole; absent: whatever the hub takes. */
    readonly messageBytes?: number
  }
}

/** What a record may have unless the configuration says otherwise. */
export const usualLimits: Limits = { depth: 64, keys: 10_000 }

/** More than the main thread can feed; each takes about 55 MiB. Measured in decision 015. */
const mostWorkers = 4

/** Of so many cores, one is for the main thread. */
export function workersFor(cores: number): number {
  return Math.min(Math.max(cores - 1, 1), mostWorkers)
}

/** The keys of the configuration that shape documents, all at the top level. */
export const transformSchema = {
  type: 'object',
  properties: {
    workers: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      description: 'Worker threads. Default: one for each core but one, 1 to 4.',
    },
    validation: {
      type: 'object',
      default: {},
      properties: {
        on_type_error: {
          type: 'string',
          enum: ['keep', 'dead_letter'],
          default: 'keep',
          description: "What to do with a record whose column does not fit its table's schema.",
        },
      },
    },
    preserve_duplicate_custom_fields: {
      type: 'boolean',
      default: false,
      description: 'Keep the vendor copy of a column whose value an ECS field holds already.',
    },
    preserve_original_event: {
      type: 'boolean',
      default: false,
      description: 'Keep the exact text of every record in event.original.',
    },
    ids: {
      type: 'string',
      enum: ['position', 'content'],
      default: 'position',
      description: 'What the id of a document is made of.',
    },
    limits: {
      type: 'object',
      default: {},
      properties: {
        depth: {
          type: 'integer',
          minimum: 4,
          maximum: 500,
          default: usualLimits.depth,
          description: 'Deepest nesting of a record.',
        },
        keys: {
          type: 'integer',
          minimum: 100,
          default: usualLimits.keys,
          description: 'Most keys and list elements in a record.',
        },
        message_bytes: {
          type: 'integer',
          format: 'bytes',
          description: 'Largest message of an event hub that is read.',
        },
      },
    },
  },
} as const satisfies OptionSchema

/** What `transformSchema` becomes once it is checked and converted. */
export interface TransformSettings {
  readonly workers?: number
  readonly validation: { readonly onTypeError: 'keep' | 'dead_letter' }
  readonly preserveDuplicateCustomFields: boolean
  readonly preserveOriginalEvent: boolean
  readonly ids: 'position' | 'content'
  readonly limits: TransformOptions['limits']
}

export function transformOptions({ validation, ...rest }: TransformSettings): TransformOptions {
  return { ...rest, strict: validation.onTypeError === 'dead_letter' }
}
