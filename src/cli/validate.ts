import { Command } from 'commander'
import { shown } from '../config/convert.ts'
import { ConfigError, countProblems, type Finding, formatFinding } from '../config/finding.ts'
import { snakeCase } from '../config/keys.ts'
import { configSchema } from '../config/schema.ts'
import { type Checked, type Config, findConfig } from '../config.ts'
import type { OptionSchema } from '../core/options.ts'
import { redact, Secret } from '../core/secret.ts'
import { configurationAt } from './configuration.ts'
import { note, print } from './terminal.ts'

interface ValidateOptions {
  readonly config?: string
  readonly strict?: boolean
  readonly json?: boolean
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('Check a configuration without connecting to anything')
    .argument('[file]', 'configuration file (default: ./xdrelay.yaml, else environment variables)')
    .option('-c, --config <file>', 'the same as FILE')
    .option('--strict', 'warnings are errors')
    .option('--json', 'print one JSON object')
    .action(validate)
}

function validate(file: string | undefined, { config, strict = false, json = false }: ValidateOptions): void {
  const path = file ?? config
  const checked = findConfig(configurationAt(path))
  const findings = strict ? checked.findings.map(found => ({ ...found, severity: 'error' as const })) : checked.findings
  const errors = findings.filter(found => found.severity === 'error')
  const lines = json
    ? [JSON.stringify({ ok: errors.length === 0, ...checked, findings })]
    : textOf({ ...checked, findings }, errors)
  // Fields that hold a secret print as redacted by themselves; a connection string in the wrong field does not.
  for (const line of lines) print(redact(line))
  if (errors.length === 0) return
  const error = new ConfigError(errors, checked.file)
  if (!json) note(`${error.code} ${countProblems(errors, checked.file)}`)
  process.exitCode = error.exit
}

function textOf({ config, file, findings }: Checked, errors: readonly Finding[]): string[] {
  const lines = findings.map(formatFinding)
  return config && errors.length === 0 ? [...lines, `ok: ${file}`, ...summary(config)] : lines
}

/** What would run, one part a line. */
function summary({ sources, checkpoints, outputs, deadLetter, limits, admin }: Config): string[] {
  const { named } = within(configSchema, 'sources')
  const parts: [string, unknown, OptionSchema?][] = [
    ...sources.map(({ name, kind, options }): [string, unknown, OptionSchema] => {
      return [`source ${name}: ${kind}`, options, within(named, kind)]
    }),
    ['checkpoints:', checkpoints, within(configSchema, 'checkpoints')],
    ...outputs.map(({ name, kind, ...rest }): [string, unknown, OptionSchema] => {
      return [`output ${name}: ${kind}`, rest, outputSchema(kind)]
    }),
    ['dead letter:', deadLetter, within(configSchema, 'dead_letter')],
    ['limits:', limits, within(configSchema, 'limits')],
    ['admin:', admin ?? { listen: 'off' }],
  ]
  return parts.map(([title, options, schema]) => `  ${title} ${settings(options, schema).join(' ')}`)
}

/** As an output is here, where what stands under its kind's key in the file is `options`. */
function outputSchema(kind: string): OptionSchema {
  const { named } = within(configSchema, 'outputs')
  return { type: 'object', properties: { ...named?.properties, options: within(named, kind) } }
}

function within(schema: OptionSchema | undefined, key: string): OptionSchema {
  return schema?.properties?.[key] ?? { type: 'object' }
}

/** `a.b=value` for every value within; keys and values as the file takes them. */
function settings(value: unknown, schema?: OptionSchema, path = ''): string[] {
  const isGroup = typeof value === 'object' && value !== null && !(value instanceof Date || value instanceof Secret)
  if (Array.isArray(value) || !isGroup) return [`${path}=${shown(value, schema)}`]
  return Object.entries(value).flatMap(([key, each]) => {
    const name = snakeCase(key)
    return settings(each, within(schema, name), path && path !== 'options' ? `${path}.${name}` : name)
  })
}
