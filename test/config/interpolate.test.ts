import { expect, test } from 'vitest'
import { interpolate, type Lookup } from '../../src/config/interpolate.ts'
import { checkConfig } from '../../src/config.ts'
import { env, hubOf, withLine } from './samples.ts'

const files: Record<string, string> = { '/run/secrets/es': 'from file\n', '/run/secrets/none': '\n' }
const lookup: Lookup = {
  env: { A: 'one', EMPTY: '', LOOP: `\${env:A}`, STRUCTURE: '[a, b]\nc: d # e' },
  readFile: path => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return text
  },
  resolve: path => path,
}

test.each([
  ['plain text', 'plain text'],
  ['$Default', '$Default'],
  ['costs 5$', 'costs 5$'],
  [`\${env:A}`, 'one'],
  [`x-\${env:A}-\${env:A}-y`, 'x-one-one-y'],
  [`\${env:NO:-two}`, 'two'],
  [`\${env:NO:-}`, ''],
  [`\${env:NO:-a:-b}`, 'a:-b'],
  [`\${env:EMPTY:-two}`, 'two'],
  [`\${env:A:-two}`, 'one'],
  [`\${env:A:?needed}`, 'one'],
  [`\${file:/run/secrets/es}`, 'from file'],
  [`$\${env:A}`, `\${env:A}`],
  [`$$\${env:A}`, '$one'],
  [`$$$\${env:A}`, `$\${env:A}`],
  ['$$', '$'],
  [`\${env:LOOP}`, `\${env:A}`],
])('%s becomes %s', (text, expected) => {
  const result = interpolate(text, lookup)
  expect(result.problems).toEqual([])
  expect(result.text).toBe(expected)
})

test.each([
  [`\${env:NO}`, 'environment variable NO is not set'],
  [`\${env:EMPTY}`, 'environment variable EMPTY is empty'],
  [`\${env:NO:?ask the hub team}`, 'environment variable NO is not set: ask the hub team'],
  [`\${file:/nowhere}`, 'cannot read file /nowhere (ENOENT)'],
  [`\${file:/run/secrets/none}`, 'file /run/secrets/none is empty'],
  [`\${A}`, 'is not a complete'],
  [`\${ENV:A}`, 'is not a complete'],
  [`\${env:A`, 'is not a complete'],
  [`\${env:}`, 'is not a complete'],
  [`\${env:A:+x}`, 'is not a complete'],
  [`\${file:}`, 'is not a complete'],
])('%s is a problem: %s', (text, expected) => {
  expect(interpolate(text, lookup).problems).toMatchObject([{ message: expect.stringContaining(expected) }])
})

test('every reference of a text that fails is reported', () => {
  const { problems } = interpolate(`\${env:NO}\${env:NEITHER}`, lookup)
  expect(problems.map(problem => problem.message)).toHaveLength(2)
})

test('what is looked up stays one text: it brings neither structure nor comments nor further references', () => {
  const variables = { ...env, X: 'a\nadmin: null\n#', LIST: '["*"]', REFERENCE: `\${env:STORAGE_ACCOUNT_KEY}` }
  const group = (value: string) => checkConfig(withLine('$Default', value), 'x.yaml', variables)
  expect(hubOf(group(`\${env:X}`).config).consumerGroup).toBe(variables.X)
  expect(group(`\${env:X}`).config?.admin).not.toBeNull()
  expect(hubOf(group(`\${env:REFERENCE}`).config).consumerGroup).toBe(variables.REFERENCE)
  const list = checkConfig(withLine('["*"]', `\${env:LIST}`), 'x.yaml', variables)
  expect(list.findings).toMatchObject([{ path: 'outputs.archive.tables', message: 'expected a list' }])
})

test('keys are not interpolated', () => {
  const { findings } = checkConfig(withLine('admin:', `"\${env:A}":`), 'x.yaml', { ...env, A: 'admin' })
  expect(findings).toMatchObject([{ message: 'unknown key', value: `\${env:A}` }])
})

test('looked-up text is converted by the schema: numbers, sizes and true or false', () => {
  const text = withLine('required: true', `required: \${env:R}`).replace('64MiB', `"\${env:S}"`)
  const { config } = checkConfig(text, 'x.yaml', { ...env, R: 'false', S: '32MiB' })
  expect(config?.outputs[1]?.required).toBe(false)
  expect(config?.limits.inFlightBytes).toBe(32 * 1024 * 1024)
  const { findings } = checkConfig(text, 'x.yaml', { ...env, R: 'nope', S: 'lots' })
  expect(findings.map(found => found.value)).toEqual(['nope', 'lots'])
})

test('a file that is named relatively stands beside the configuration, and its content is never shown', () => {
  const text = withLine('64MiB', `"\${file:secret}"`)
  const paths: string[] = []
  const readFile = (path: string) => {
    paths.push(path)
    return 'canary'
  }
  const { findings } = checkConfig(text, '/etc/xdrelay/x.yaml', env, { readFile })
  expect(paths).toEqual(['/etc/xdrelay/secret'])
  expect(findings).toMatchObject([{ value: `\${file:secret}` }])
})
