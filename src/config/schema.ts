import { collectorSchemas } from '../collect/kinds.ts'
import { eventHubSchema } from '../consumer/options.ts'
import type { OptionSchema } from '../core/options.ts'
import { deadLetterSchema } from '../output/dead-letter.ts'
import { outputsSchema } from '../output/kinds.ts'
import { checkpointsSchema } from '../storage/options.ts'
import { transformSchema } from '../transform/options.ts'

const limitsSchema = {
  type: 'object',
  description: 'What bounds memory and time, whatever comes.',
  properties: {
    ...transformSchema.properties.limits.properties,
    in_flight_bytes: {
      type: 'string',
      format: 'bytes',
      minimum: 2 ** 20,
      default: '32MiB',
      description:
        'Bytes received and not yet settled, over all partitions and outputs; reading pauses beyond it. A quarter is for messages that wait in the Event Hubs SDK.',
    },
    drain: {
      type: 'string',
      format: 'duration',
      minimum: 0,
      maximum: 3_600_000,
      default: '25s',
      description: 'How long a stop waits for what is under way; keep it below the grace period of the platform.',
    },
  },
} as const satisfies OptionSchema

const adminSchema = {
  type: 'object',
  description: 'Health, metrics and status page; `admin: null` turns it off.',
  properties: {
    listen: { type: 'string', default: '127.0.0.1:9464', description: 'Host and port; port 0 takes any free one.' },
  },
} as const satisfies OptionSchema

const sourceSchemas = { event_hub: eventHubSchema, ...collectorSchemas }

/** The whole file. Parts describe their own sections; here they are only put together. */
export const configSchema: OptionSchema = {
  type: 'object',
  required: ['sources', 'checkpoints', 'outputs'],
  properties: {
    version: { type: 'integer', default: 1, description: 'Version of this format: 1.' },
    sources: {
      type: 'object',
      description: 'What is read, by a name of your choice.',
      named: { type: 'object', properties: sourceSchemas, oneOf: Object.keys(sourceSchemas) },
    },
    checkpoints: checkpointsSchema,
    outputs: outputsSchema,
    dead_letter: { ...deadLetterSchema, default: { file: { path: './dead-letters' } } },
    ...transformSchema.properties,
    limits: limitsSchema,
    admin: adminSchema,
  },
}
