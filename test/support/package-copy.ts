import { spawn } from 'node:child_process'
import { appendFile, cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { tempDirectory } from './temp.ts'

/** A copy of the package whose schemas and rules may be changed, with its command line. */
export async function packageCopy() {
  const root = await tempDirectory()
  for (const part of ['src', 'schemas', 'package.json']) await cp(part, join(root, part), { recursive: true })
  await symlink(resolve('node_modules'), join(root, 'node_modules'))
  const rules = join(root, 'src/transform/mapping/rules')
  return {
    /** Pastes what `xdrelay drift` prints, each piece where it says. */
    async paste(output: string): Promise<void> {
      for (const [place, text] of snippets(output)) {
        const [file = '', where = ''] = place.split(/, (.*)/)
        if (where === 'a new file') await writeFile(join(root, file), text)
        else if (file.startsWith('schemas/')) await addProperties(join(root, file), text)
        else if (where === 'at the end') await appendFile(join(rules, file.slice('rules/'.length)), `${text}\n`)
        else await addRows(join(rules, 'names.yaml'), /^under (\w+:)/.exec(where)![1]!, text)
      }
    },
    async run(args: readonly string[], input: string) {
      const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { stdio: 'pipe' })
      onTestFinished(() => void child.kill('SIGKILL'))
      child.stdin.end(input)
      const [stdout, stderr, code] = await Promise.all([
        child.stdout.setEncoding('utf8').toArray(),
        child.stderr.setEncoding('utf8').toArray(),
        new Promise(done => child.on('close', done)),
      ])
      return { stdout: stdout.join(''), stderr: stderr.join(''), code }
    },
  }
}

/** Place and text of each piece to paste. */
function snippets(output: string): [place: string, text: string][] {
  const parts = output.split(/^--- /m).slice(1)
  return parts
    .map((part): [string, string] => {
      const end = part.indexOf('\n')
      return [part.slice(0, end), part.slice(end + 1).trimEnd()]
    })
    .filter(([place]) => place !== 'to know')
}

async function addProperties(file: string, text: string): Promise<void> {
  const schema = JSON.parse(await readFile(file, 'utf8'))
  Object.assign(schema.properties, JSON.parse(`{${text}}`))
  await writeFile(file, JSON.stringify(schema))
}

async function addRows(file: string, section: string, text: string): Promise<void> {
  const yaml = await readFile(file, 'utf8')
  await writeFile(file, yaml.replace(new RegExp(`^${section}$`, 'm'), `${section}\n${text.replaceAll('$', '$$$$')}`))
}
