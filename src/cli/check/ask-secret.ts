import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { XdrelayError } from '../../core/errors.ts'

/** Asks on the terminal, without showing what is typed. Throws `usage` where there is none. */
export async function askSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new XdrelayError('usage', 'no client secret: give --client-secret-file FILE, with - for standard input')
  }
  // With a terminal to write to, the reader would echo each key; what it writes goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  // Only now, as the terminal itself echoes what is typed before the reader has taken over.
  process.stderr.write(question)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  lines.on('line', resolve)
  lines.on('SIGINT', () => reject(new XdrelayError('interrupted', 'no client secret was given')))
  lines.on('close', () => resolve(''))
  try {
    return await promise
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
