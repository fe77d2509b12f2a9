import { Command, InvalidArgumentError, Option } from 'commander'
import { type CheckedPart, checkParts } from '../check.ts'
import { convert } from '../config/convert.ts'
import { loadConfig } from '../config.ts'
import { XdrelayError } from '../core/errors.ts'
import { printable } from '../core/log.ts'
import { print } from './terminal.ts'

interface CheckOptions {
  readonly config?: string
  /** Milliseconds. */
  readonly timeout: number
  readonly json?: boolean
}

/** Milliseconds of the time given that are kept for saying what was found. */
const rest = 500

export function checkCommand(): Command {
  return new Command('check')
    .description('Test the connection to every source, the checkpoint store, every output and the dead letter')
    .option('-c, --config <file>', 'configuration file (default: ./xdrelay.yaml, else environment variables)')
    .addOption(
      new Option('--timeout <duration>', 'how long it may take altogether').argParser(duration).default(12_000, '12s'),
    )
    .option('--json', 'print one JSON object')
    .action(check)
}

async function check({ config: path, timeout, json = false }: CheckOptions): Promise<void> {
  const config = await loadConfig({ ...(path !== undefined && { path }), env: process.env, cwd: process.cwd() })
  // This clock began with the process, so that the time for loading counts too.
  const limit = AbortSignal.timeout(Math.max(rest, timeout - rest - Math.ceil(performance.now())))
  const parts = checkParts(config, { stdout: process.stdout }, limit)
  const found = json ? await Promise.all(parts) : await printEach(parts)
  const bad = found.filter(({ ok }) => !ok)
  if (json) print(JSON.stringify({ ok: bad.length === 0, parts: found }))
  if (bad.length > 0) throw new XdrelayError('check_failed', `not usable: ${bad.map(({ name }) => name).join(', ')}`)
}

/** A line as soon as it and those before it are known. */
async function printEach(parts: readonly Promise<CheckedPart>[]): Promise<CheckedPart[]> {
  const found: CheckedPart[] = []
  for (const part of parts) {
    found.push(await part)
    print(printable(lineOf(found.at(-1)!)))
  }
  return found
}

function lineOf({ name, ok, detail, code, next }: CheckedPart): string {
  return ok ? `${name}: ok, ${detail}` : `${name}: ${code} ${detail}; fix: ${next}`
}

/** Written as in the configuration file. */
function duration(text: string): number {
  const raw = { value: text, text, loose: true }
  const converted = convert(raw, { type: 'integer', format: 'duration', minimum: 1000 }, path => path)
  if ('message' in converted) throw new InvalidArgumentError(`it ${converted.message}. ${converted.fix}`)
  return converted.value as number
}
