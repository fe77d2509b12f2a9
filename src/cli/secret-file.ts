import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'

/** The content of the file that an option names, or of standard input for `-`, without the line feed at its end. */
export async function readSecret(option: string, file: string): Promise<Secret> {
  const content = file === '-' ? await text(process.stdin) : readText(option, file)
  const secret = content.replace(/\r?\n$/, '')
  if (secret === '') throw new XdrelayError('usage', `${option}: ${file} is empty; a secret is expected there`)
  return new Secret(secret)
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new XdrelayError('usage', `${option}: cannot read ${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}
