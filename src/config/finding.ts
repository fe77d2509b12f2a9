import { XdrelayError } from '../core/errors.ts'
import { printable } from '../core/log.ts'
import { redact } from '../core/secret.ts'
import type { Place } from './tree.ts'

/** One thing that is wrong with a configuration, for people and for `--json`. Never holds a secret. */
export interface Finding extends Place {
  readonly severity: 'error' | 'warning'
  /** `outputs.siem.elasticsearch.urls`; empty for the file as a whole. */
  readonly path: string
  /** What was found, as text; `[redacted]` for secret fields. */
  readonly value: string
  readonly message: string
  readonly fix: string
}

export function finding(
  place: Place,
  path: string,
  details: Omit<Finding, keyof Place | 'path' | 'severity'>,
): Finding {
  const { file, line, column } = place
  return { file, line, column, severity: 'error', path, ...details }
}

/**
 * A finding that is safe to print: known secrets and credentials in addresses struck, no control characters, a short
 * value. Only for when everything has been read: a secret may become known after the finding that quotes it.
 */
export function cleanFinding(found: Finding): Finding {
  const { path, value, message, fix } = found
  return { ...found, path: clean(path), value: shorten(clean(value)), message: clean(message), fix: clean(fix) }
}

/** `file:line:column  path: message (found: value)` and a line with the fix. */
export function formatFinding(found: Finding): string {
  const place = found.line === 0 ? found.file : `${found.file}:${found.line}:${found.column}`
  const text = [found.severity === 'warning' && 'warning', found.path, found.message].filter(Boolean).join(': ')
  return `${place}  ${text} (found: ${found.value})\n    fix: ${found.fix}`
}

/** By position; findings without a line (environment) stay in the order they were made. */
export function byPosition(left: Finding, right: Finding): number {
  return left.line - right.line || left.column - right.column
}

/** `config_invalid`, with all that is wrong; its message lists every finding. */
export class ConfigError extends XdrelayError {
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[], file: string) {
    super('config_invalid', [countProblems(findings, file), ...findings.map(formatFinding)].join('\n'))
    this.findings = findings
  }
}

/** `2 problems in xdrelay.yaml` */
export function countProblems(findings: readonly Finding[], file: string): string {
  return `${findings.length} problem${findings.length === 1 ? '' : 's'} in ${file}`
}

function clean(text: string): string {
  return printable(redact(text).replaceAll(/\/\/[^/\s@]+@/g, '//[redacted]@'))
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
