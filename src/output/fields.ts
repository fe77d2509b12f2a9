import type { OptionSchema } from '../core/options.ts'
import type { Secret } from '../core/secret.ts'

/** Which fields an output does not get, or gets as hashes only. */
export interface FieldOptions {
  /** Paths with `*` for any characters. */
  readonly drop?: readonly string[]
  readonly hash?: readonly string[]
  /** There where `hash` is. */
  readonly hashKey?: Secret
}

export const fieldsSchema = {
  type: 'object',
  description: 'Fields that this output must not get as they are; cannot be combined with `format: raw`.',
  properties: {
    drop: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description: 'Fields to leave out: paths with * for any characters, what is below them included.',
    },
    hash: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description: 'Fields whose values become keyed hashes (HMAC-SHA-256): the same value, the same hash.',
    },
    hash_key: {
      type: 'string',
      format: 'secret',
      minLength: 16,
      description: 'Secret of the hashes; required with `hash`.',
    },
  },
} as const satisfies OptionSchema
