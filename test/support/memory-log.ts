import type { Log, LogFields } from '../../src/core/log.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly text: string
  readonly fields: LogFields
}

/** A log whose lines can be looked at. */
export function memoryLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = []
  const at =
    (level: LogLine['level']) =>
    (text: string, fields: LogFields = {}) =>
      void lines.push({ level, text, fields })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}
