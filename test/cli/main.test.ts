import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { canary, connectionString, env, withLine } from '../config/samples.ts'
import { folder, xdrelay } from './run-cli.ts'

test('--help and --version go to standard output and exit 0', async () => {
  const help = await xdrelay(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('validate') })
  const version = await xdrelay(['--version'])
  expect(version).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

test.each([
  [
    'an unknown command',
    ['valdate'],
    /XP1003 unknown command 'valdate'\n\(Did you mean validate\?\)\nSee `xdrelay --help`/,
  ],
  ['an unknown option', ['validate', '--strct'], /XP1003 unknown option '--strct'.*\nSee `xdrelay validate --help`\./s],
  ['too many arguments', ['validate', 'a', 'b'], /XP1003 too many arguments/],
  [
    'an option of another form',
    ['run', '--log-level', 'loud'],
    /XP1003 .*'loud' is invalid.*\nSee `xdrelay run --help`\./,
  ],
  ['a command under another', ['emulator', 'microsoft', '--port', 'x'], /\nSee `xdrelay emulator microsoft --help`\./],
  ['what a command itself refuses', ['generate', '--hub', 'a'], /XP1003 .*\nSee `xdrelay generate --help`\./],
  ['no command at all', [], /Usage: xdrelay/],
])('%s is a usage error: exit 64, nothing on standard output', async (_case, args, expected) => {
  const { code, stdout, stderr } = await xdrelay(args)
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(expected)
})

test('with --json an error is one JSON object on standard error', async () => {
  const { code, stdout, stderr } = await xdrelay(['validate', 'none.yaml', '--json'])
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'XP1002', kind: 'config_unreadable', exit: 78, message: expect.stringContaining('none.yaml') },
  })
})

test.each([
  ['a rejection that nobody handles', `Promise.reject(new Error('boom'))`],
  ['an exception that nobody catches', `setTimeout(() => { throw new Error('boom') })`],
])('%s ends a command that would run on: exit 70, said once, with its place', async (_case, fault) => {
  // Waits until the command listens for such faults, which it does from its start on.
  const code = `const timer = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return
    clearInterval(timer)
    ${fault}
  }, 10)`
  const module = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
  const ended = await xdrelay(['emulator', '--port', '0', '--hub', 'xdr'], {
    env: { NODE_OPTIONS: `--import=${module}` },
  })
  expect({ code: ended.code, said: ended.stderr.match(/boom/g) }).toEqual({ code: 70, said: ['boom'] })
  expect(ended.stderr).toMatch(/^XP\d+ .*boom\n +at /m)
  expect(ended.stdout).not.toContain('boom')
})

test.each([
  ['text', /^XP1001 2 problems in xdrelay\.yaml\nxdrelay\.yaml:8:14 {2}/m],
  ['json', /^\{[^\n]*"message":"2 problems in xdrelay\.yaml; xdrelay\.yaml:8:14 {2}[^\n]*\}\n$/],
])(
  'run refuses a configuration with mistakes before it connects to anything: exit 78, every finding, the next step, in a log as %s',
  async (format, expected) => {
    const cwd = folder({
      'xdrelay.yaml': withLine('64MiB', 'lots').replace('defender', connectionString).replace('earliest', 'erliest'),
    })
    const { code, stdout, stderr } = await xdrelay(['run', '--log-format', format], { cwd, env })
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(stderr).toMatch(expected)
    expect(stderr).toContain('xdrelay.yaml:22:28')
    expect(stderr).toContain('xdrelay validate')
    expect(stderr).not.toContain(canary)
  },
)

test.each(commands)(
  '$name: the overview says what its own page says, and docs/commands.md has all its options',
  async ({ name, summary, load }) => {
    const command = await load()
    expect({ name: command.name(), summary: command.description() }).toEqual({ name, summary })
    const section = readFileSync('docs/commands.md', 'utf8').split(`\n## ${name}\n`)[1]?.split('\n## ')[0]
    const options = [command, ...command.commands].flatMap(each => each.options.map(option => option.long))
    for (const option of options) expect(section).toContain(option)
  },
)

test('the overview loads neither the clients of Azure nor of Elasticsearch', async () => {
  const cwd = folder({ 'trace.mjs': hook })
  const traced = (args: string[]) => xdrelay(args, { cwd, env: { ...env, NODE_OPTIONS: `--import=${cwd}/trace.mjs` } })
  const overview = await traced(['--help'])
  expect(overview.stderr).toContain('commander')
  expect(overview.stderr).not.toMatch(/@azure|@elastic/)
  const named = await traced(['run', '--help'])
  expect(named.stderr).toMatch(/@azure/)
})

/** Names every module on standard error as it is resolved. */
const hook = `import { registerHooks } from 'node:module'
registerHooks({ resolve: (name, context, next) => (process.stderr.write(name + '\\n'), next(name, context)) })
`

test('a reader that goes away, as with `| head`, ends a command quietly', async () => {
  const { code, stderr } = await xdrelay(['emulator', '--port', '0', '--hub', 'defender'], { closeStdout: true })
  expect(code).toBe(0)
  expect(stderr).not.toContain('XP')
})
