import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const main = resolve('src/cli/main.ts')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A fresh folder with these files, gone when the test ends. */
export function folder(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'xdrelay-cli-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** Stops reading the command's standard output before it has written any. */
  readonly closeStdout?: boolean
}

/** Runs the real command to its end, with no environment but what is given. */
export function xdrelay(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const cwd = options.cwd ?? folder()
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const text = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', part => (text.stdout += part))
  if (options.closeStdout) child.stdout.destroy()
  child.stderr.setEncoding('utf8').on('data', part => (text.stderr += part))
  return new Promise((done, failed) => child.on('error', failed).on('close', code => done({ code, ...text })))
}
