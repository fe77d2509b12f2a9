import { pino } from 'pino'
import { redact } from './secret.ts'

/** Fields of a log line besides its text: ECS names, flat. */
export type LogFields = Record<string, string | number | boolean | undefined>

/** What stages log through. One line per event an operator can act on; nothing per record. */
export interface Log {
  debug(text: string, fields?: LogFields): void
  info(text: string, fields?: LogFields): void
  warn(text: string, fields?: LogFields): void
  error(text: string, fields?: LogFields): void
}

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]

/** ECS JSON lines, one object each, on the stream given (standard error for every command). */
export function jsonLog(write: (line: string) => void, level: LogLevel = 'info'): Log {
  const logger = pino(
    {
      level,
      base: { 'ecs.version': '8.17.0', 'service.name': 'xdrelay' },
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ 'log.level': label }) },
    },
    { write },
  )
  return build((name, text, fields) => logger[name](clean(fields), redact(text)))
}

/** One readable line per event, for a terminal. */
export function textLog(write: (line: string) => void, level: LogLevel = 'info'): Log {
  const lowest = levels.indexOf(level)
  return build((name, text, fields) => {
    if (levels.indexOf(name) < lowest) return
    const rest = Object.entries(clean(fields)).map(([key, value]) => `${key}=${value}`)
    const line = [new Date().toISOString().slice(11, 19), name.toUpperCase().padEnd(5), redact(text), ...rest].join(' ')
    write(`${printable(line)}\n`)
  })
}

/** Text from records can carry terminal escapes and line breaks; neither may act on the reader's terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '�')
}

function build(emit: (name: LogLevel, text: string, fields?: LogFields) => void): Log {
  return {
    debug: (text, fields) => emit('debug', text, fields),
    info: (text, fields) => emit('info', text, fields),
    warn: (text, fields) => emit('warn', text, fields),
    error: (text, fields) => emit('error', text, fields),
  }
}

function clean(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  )
}
