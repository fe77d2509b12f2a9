import type { OptionSchema } from '../core/options.ts'
import { elasticsearch } from './elasticsearch.ts'
import { file } from './file.ts'
import { commonOptions, type OutputKind } from './policy.ts'
import { stdout } from './stdout.ts'

/** The kinds of outputs, by the key that names them in the configuration. */
export const kinds = { elasticsearch, file, stdout } satisfies Record<string, OutputKind>

export type KindName = keyof typeof kinds

/** The `outputs` part of a configuration: names that the user chooses, each with exactly one kind. */
export const outputsSchema = {
  type: 'object',
  description: 'Where documents go.',
  named: {
    type: 'object',
    properties: {
      elasticsearch: elasticsearch.schema,
      file: file.schema,
      stdout: stdout.schema,
      ...commonOptions,
    },
    oneOf: ['elasticsearch', 'file', 'stdout'],
  },
} as const satisfies OptionSchema
