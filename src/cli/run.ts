import { Command, Option } from 'commander'
import { createApp } from '../app.ts'
import { ConfigError, formatFinding } from '../config/finding.ts'
import { type Config, findConfig, isEventHub } from '../config.ts'
import { jsonLog, type Log, type LogLevel, textLog } from '../core/log.ts'
import { configurationAt } from './configuration.ts'
import { collectEarly } from './early-collection.ts'
import { listenForSignals } from './signals.ts'
import { onOneLine, reportErrorsIn } from './terminal.ts'

interface RunOptions {
  readonly config?: string
  readonly logFormat?: 'json' | 'text'
  readonly logLevel: LogLevel
}

export function runCommand(): Command {
  return new Command('run')
    .description('Read the configured sources and deliver to the outputs until SIGTERM')
    .option('-c, --config <file>', 'configuration file (default: ./xdrelay.yaml, else environment variables)')
    .addOption(new Option('--log-format <format>', 'default: text on a terminal, else json').choices(['json', 'text']))
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .action(run)
}

async function run(options: RunOptions): Promise<void> {
  const format = options.logFormat ?? (process.stderr.isTTY ? 'text' : 'json')
  const log = (format === 'json' ? jsonLog : textLog)(line => void process.stderr.write(line), options.logLevel)
  if (format === 'json') reportErrorsIn(log)
  const config = configFor(options, log)
  // What is polled comes packed or in large pages. Hubs at full speed would have a collection ten times a second.
  if (!config.sources.every(isEventHub)) collectEarly()
  const signals = listenForSignals(text => log.info(text))
  try {
    log.info('starting', { 'process.pid': process.pid })
    await createApp(config, { log, stdout: process.stdout, pid: process.pid }).run(signals.stop, signals.abort)
    log.info('stopped: everything received is settled')
  } finally {
    signals.release()
  }
}

/** Warnings are said once, at the start. */
function configFor({ config: path }: RunOptions, log: Log): Config {
  const { config, findings, file } = findConfig(configurationAt(path))
  if (!config) throw new ConfigError(findings, file)
  for (const finding of findings) log.warn(onOneLine(formatFinding(finding)), { 'event.action': 'config_warning' })
  return config
}
