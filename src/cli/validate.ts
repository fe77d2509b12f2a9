import { Command } from 'commander'
import { ConfigError, countProblems, type Finding, formatFinding } from '../config/finding.ts'
import { snakeCase } from '../config/keys.ts'
import { type Checked, type Config, findConfig } from '../config.ts'
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
  const parts: [string, unknown][] = [
    ...sources.map(({ name, kind, options }): [string, unknown] => [`source ${name}: ${kind}`, options]),
    ['checkpoints:', checkpoints],
    ...outputs.map(({ name, kind, ...rest }): [string, unknown] => [`output ${name}: ${kind}`, rest]),
    ['dead letter:', deadLetter],
    ['limits:', limits],
    ['admin:', admin ?? { listen: 'off' }],
  ]
  return parts.map(([title, options]) => `  ${title} ${settings(options).join(' ')}`)
}

/** `a.b=value` for every value within; keys as in the file. */
function settings(value: unknown, path = ''): string[] {
  const isGroup = typeof value === 'object' && value !== null && !(value instanceof Date || value instanceof Secret)
  if (Array.isArray(value) || !isGroup) return [`${path}=${value instanceof Date ? value.toISOString() : value}`]
  return Object.entries(value).flatMap(([key, each]) => {
    const name = snakeCase(key)
    return settings(each, path && path !== 'options' ? `${path}.${name}` : name)
  })
}
