import { existsSync } from 'node:fs'
import { errorOfCode, XdrelayError } from '../../core/errors.ts'
import { print } from '../terminal.ts'

/** As in docs/commands.md. */
export const exits: Readonly<Record<number, string>> = {
  1: 'a check failed',
  64: 'usage: unknown command, option or argument',
  65: 'the input is not what the command takes',
  69: 'event hub, API, storage account, output or running instance cannot be reached, or fails',
  70: 'a defect of xdrelay',
  73: 'a file, folder or port cannot be used',
  75: 'not all was done and settled; the same command, started again, goes on there',
  77: 'credentials are refused, or a right is missing',
  78: 'the configuration is wrong',
  130: 'interrupted',
}

/** Whether an argument is meant for the code of an error. A file may have any name. */
export function isCode(argument: string): boolean {
  return /^XP\d+$/i.test(argument) && !existsSync(argument)
}

export function explainCode(argument: string, json: boolean): void {
  const error = errorOfCode(argument)
  if (error === undefined) {
    throw new XdrelayError('usage', `there is no error ${argument}, and no file of this name`)
  }
  const { code, kind, exit, next } = error
  const meaning = exits[exit] ?? ''
  const lines = json
    ? [JSON.stringify({ code, kind, exit, meaning, next })]
    : [`${code}  ${kind.replaceAll('_', ' ')}`, `  exit  ${exit}, ${meaning}`, `  next  ${next}`]
  for (const line of lines) print(line)
}
