import { expect, test } from 'vitest'
import { canary, complete, connectionString, env, withLine } from '../config/samples.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay as running } from '../support/xdrelay.ts'
import { folder, xdrelay } from './run-cli.ts'

const plainSecret = withLine(`\${env:STORAGE_ACCOUNT_KEY}`, canary)

test('a good file is ok: exit 0, and a summary of what would run', async () => {
  const cwd = folder({ 'relay.yaml': complete })
  const { code, stdout, stderr } = await xdrelay(['validate', 'relay.yaml'], { cwd, env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^ok: relay.yaml$/m)
  expect(stdout).toMatch(/source xdr: event_hub connection_string=\[redacted\] event_hub=defender/)
  expect(stdout).toMatch(/output archive: file path=\S+\/out\/\{table\}\.ndjson/)
  expect(stdout).not.toContain(canary)
})

test('the summary writes durations and sizes with the units that the file asks for', async () => {
  const batch = 'required: true\n    batch: { bytes: 1MiB, count: 10, age: 1500ms }'
  const cwd = folder({ 'relay.yaml': withLine('required: true', batch) })
  const { stdout } = await xdrelay(['validate', 'relay.yaml'], { cwd, env })
  expect(stdout).toMatch(/ source xdr: .* ownership\.renew=5s ownership\.expiry=15s .*max_batch=64 stall_after=90s/)
  expect(stdout).toMatch(/ checkpoints: .* interval=5s/)
  expect(stdout).toMatch(/ output siem: elasticsearch .* timeout=1m /)
  expect(stdout).toMatch(
    / output archive: .* rotate\.bytes=256MiB .* batch\.bytes=1MiB batch\.count=10 batch\.age=1500ms/,
  )
  expect(stdout).toMatch(/ dead letter: .* file\.max_bytes=1GiB file\.segment_bytes=64MiB/)
  expect(stdout).toMatch(/ limits: in_flight_bytes=64MiB drain=25s/)
})

test('mistakes: exit 78, findings with file, line, column and fix on standard output, the count on standard error', async () => {
  const text = withLine('consumer_group:', 'consumer_grup:').replace('64MiB', 'lots')
  const cwd = folder({ 'relay.yaml': text })
  const { code, stdout, stderr } = await xdrelay(['validate', 'relay.yaml'], { cwd, env })
  expect(code).toBe(78)
  expect(stdout).toMatchInlineSnapshot(`
    "relay.yaml:7:7  sources.xdr.event_hub.consumer_grup: unknown key (found: consumer_grup)
        fix: Did you mean \`consumer_group\`?
    relay.yaml:22:28  limits.in_flight_bytes: expected a size such as 64MiB (found: lots)
        fix: Units are B, KB, MB, GB, KiB, MiB, GiB.
    "
  `)
  expect(stderr).toBe('XP1001 2 problems in relay.yaml\n')
})

test('--json prints one object, with findings or with the configuration', async () => {
  const cwd = folder({ 'good.yaml': complete, 'bad.yaml': withLine('64MiB', 'lots') })
  const bad = await xdrelay(['validate', 'bad.yaml', '--json'], { cwd, env })
  expect(bad).toMatchObject({ code: 78, stderr: '' })
  expect(JSON.parse(bad.stdout)).toEqual({
    ok: false,
    file: 'bad.yaml',
    findings: [
      {
        file: 'bad.yaml',
        line: 22,
        column: 28,
        severity: 'error',
        path: 'limits.in_flight_bytes',
        value: 'lots',
        message: 'expected a size such as 64MiB',
        fix: 'Units are B, KB, MB, GB, KiB, MiB, GiB.',
      },
    ],
  })
  const good = await xdrelay(['validate', 'good.yaml', '--json'], { cwd, env })
  const parsed = JSON.parse(good.stdout)
  expect(parsed).toMatchObject({ ok: true, findings: [], config: { checkpoints: { storageAccountKey: '[redacted]' } } })
  expect(good.stdout).not.toContain(canary)
})

test('a plain secret is a warning, and an error with --strict; it is printed in neither case', async () => {
  const cwd = folder({ 'xdrelay.yaml': plainSecret })
  const lenient = await xdrelay(['validate'], { cwd, env })
  expect(lenient.code).toBe(0)
  expect(lenient.stdout).toMatch(
    /^xdrelay.yaml:11:24 {2}warning: checkpoints.storage_account_key: .*\(found: \[redacted\]\)$/m,
  )
  const strict = await xdrelay(['validate', '--strict'], { cwd, env })
  expect(strict.code).toBe(78)
  expect(strict.stdout).not.toContain('ok:')
  for (const { stdout, stderr } of [lenient, strict]) expect(stdout + stderr).not.toContain(canary)
})

test('no secret appears, whatever is wrong around it', async () => {
  const cwd = folder({ 'xdrelay.yaml': complete, 'other.yaml': plainSecret.replace('defender', connectionString) })
  const wrong = { ...env, EVENT_HUB_CONNECTION_STRING: `${connectionString};Bad`, STORAGE_ACCOUNT_KEY: `!${canary}` }
  for (const args of [
    ['validate'],
    ['validate', 'other.yaml'],
    ['validate', '--json'],
    ['validate', 'other.yaml', '--json'],
  ]) {
    const { code, stdout, stderr } = await xdrelay(args, { cwd, env: wrong })
    expect(code).toBe(78)
    expect(stdout + stderr).not.toContain(canary)
  }
})

test('a connection string in a field of another kind is not printed as that field', async () => {
  const cwd = folder({
    'xdrelay.yaml': withLine('defender', connectionString),
  })
  for (const args of [['validate'], ['validate', '--json']]) {
    const { stdout, stderr } = await xdrelay(args, {
      cwd,
      env: {
        ...env,
        STORAGE_ACCOUNT_KEY: 'YW5vdGhlciBrZXkgYW5vdGhlcg==',
        EVENT_HUB_CONNECTION_STRING: connectionString.replace(canary, 'YW5vdGhlciBrZXkgYW5vdGhlcg=='),
      },
    })
    expect(stdout).toContain('contoso')
    expect(stdout + stderr).not.toContain(canary)
  }
})

test('without a file, the environment is checked and findings name variables', async () => {
  const good = await xdrelay(['validate'], { env: { ...env, EVENT_HUB_NAME: 'defender', OUTPUT_FILE: 'x.ndjson' } })
  expect(good.code).toBe(0)
  expect(good.stdout).toMatch(/^ok: the environment/)
  const bad = await xdrelay(['validate'], { env: { ...env, OUTPUT_FILE: 'x.ndjson' } })
  expect(bad.code).toBe(78)
  expect(bad.stdout).toMatch(/^EVENT_HUB_NAME {2}sources\.xdr\.event_hub\.event_hub: /)
})

test('- is standard input, and paths in it are from the working directory', async () => {
  const cwd = await tempDirectory()
  const good = running(['validate', '-'], { cwd, env, input: complete })
  expect(await good.ended, good.stderr()).toBe(0)
  expect(good.stdout()).toMatch(/^ok: standard input$/m)
  expect(good.stdout()).toContain(`path=${cwd}/out/{table}.ndjson`)
  const bad = running(['run', '--config', '-', '--log-format', 'text'], { cwd, env, input: withLine('64MiB', 'lots') })
  expect(await bad.ended).toBe(78)
  expect(bad.stderr()).toContain('1 problem in standard input\nstandard input:22:28 ')
})

test('records and a configuration cannot both be standard input', async () => {
  const { code, stderr } = await xdrelay(['explain', '-', '--config', '-'])
  expect(code).toBe(64)
  expect(stderr).toMatch(/^XP1003 standard input is either/)
})
