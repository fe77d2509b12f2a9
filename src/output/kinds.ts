import type { OptionSchema } from '../core/options.ts'
import { elasticsearch } from './elasticsearch.ts'
import { file } from './file.ts'
import { type CommonOptions, commonOptions, type OutputKind } from './policy.ts'
import { stdout } from './stdout.ts'

/** The kinds of outputs, by the key that names them in the configuration. */
export const kinds = { elasticsearch, file, stdout } satisfies Record<string, OutputKind>

export type KindName = keyof typeof kinds

/** An output as it is configured. */
export interface OutputConfig extends CommonOptions {
  readonly name: string
  readonly kind: KindName
  /** As the kind's schema describes them. */
  readonly options: Readonly<Record<string, unknown>>
}

const schemas = Object.fromEntries(Object.entries(kinds).map(([kind, { schema }]) => [kind, schema]))

/** The `outputs` part of a configuration: names that the user chooses, each with exactly one kind. */
export const outputsSchema = {
  type: 'object',
  description: 'Where documents go.',
  named: {
    type: 'object',
    properties: {
      ...schemas,
      ...commonOptions,
    },
    oneOf: Object.keys(kinds),
  },
} as const satisfies OptionSchema
