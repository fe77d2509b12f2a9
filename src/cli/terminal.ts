import { ConfigError } from '../config/finding.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { type Log, printable } from '../core/log.ts'
import { redact } from '../core/secret.ts'

/** A line of a command's result. What a command produces goes to standard output, everything else to standard error. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A line about the work. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Resolves once all of it has left this process, which takes its time where a pipe leads to a slow reader. */
export async function written(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>(resolve => stream.write('', () => resolve()))
  }
}

/** What the system says of a file, or of standard output. */
export function cannotWrite(file: string, cause: unknown): XdrelayError {
  return new XdrelayError('cannot_write', `cannot write ${file}: ${messageOf(cause)}`, { cause, facts: { file } })
}

let errorLog: Log | undefined

/** From now on errors are lines of this log: whoever reads it by machine reads no bare text between its lines. */
export function reportErrorsIn(log: Log): void {
  errorLog = log
}

/** Says on standard error what went wrong and what to do: as text, or as one JSON object. Gives the exit code. */
export function reportError(error: XdrelayError, json: boolean): number {
  if (errorLog) logError(error, errorLog)
  else note(json ? errorJson(error) : errorText(error))
  return error.exit
}

function logError(error: XdrelayError, log: Log): void {
  const stack = stackOf(error)
  log.error(onOneLine(error.message), {
    'error.code': error.code,
    'error.type': error.kind,
    'error.message': error.message,
    'error.stack_trace': stack.length > 0 ? stack.join('\n') : undefined,
    'labels.next': error.next,
    'process.exit_code': error.exit,
  })
}

/** The lines of a finding, for where each event is one line. */
export function onOneLine(text: string): string {
  return text.replace(/\n\s*/g, '; ')
}

function errorText(error: XdrelayError): string {
  const lines = [`${error.code} ${error.message}`, ...stackOf(error), error.next].join('\n').split('\n')
  return lines.map(line => printable(redact(line))).join('\n')
}

function errorJson(error: XdrelayError): string {
  const { code, kind, exit, next, facts } = error
  const findings = error instanceof ConfigError ? { findings: error.findings } : {}
  const text = JSON.stringify({ error: { code, kind, exit, message: redact(error.message), next, facts, ...findings } })
  return redact(text)
}

/** Where a defect happened belongs into its report; for all other errors it is noise. */
function stackOf({ kind, cause }: XdrelayError): string[] {
  if (kind !== 'internal' || !(cause instanceof Error)) return []
  return (cause.stack ?? '').split('\n').filter(line => /^ +at /.test(line))
}
