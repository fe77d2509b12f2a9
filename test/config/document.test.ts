import { expect, test } from 'vitest'
import { parseYaml } from '../../src/config/document.ts'
import { formatFinding } from '../../src/config/finding.ts'
import { entryOf, placeOf } from '../../src/config/tree.ts'

const problems = (text: string) => parseYaml(text, 'x.yaml').findings.map(formatFinding)

test('values know where they stand', () => {
  const { tree } = parseYaml('# note\na:\n  - b: 1\n    c: "x"\nd: {e: f}\n', 'x.yaml')
  expect(placeOf(tree!, ['d', 'e'])).toEqual({ file: 'x.yaml', line: 5, column: 8 })
  expect(placeOf(tree!, ['d', 'nothing'])).toMatchObject({ line: 5, column: 1 })
  expect(placeOf(tree!, [])).toMatchObject({ line: 2, column: 1 })
  const list = entryOf(tree, 'a')?.value
  expect(list?.kind === 'list' && placeOf(list.items[0]!, ['c'])).toMatchObject({ line: 4, column: 8 })
})

test('positions count from one with Windows line ends and after a byte order mark', () => {
  const { tree } = parseYaml('\ufeffa: 1\r\nb: 2\r\n', 'x.yaml')
  expect(placeOf(tree!, ['b'])).toMatchObject({ line: 2, column: 4 })
})

test('an empty file is an empty map', () => {
  expect(parseYaml('', 'x.yaml')).toMatchObject({ tree: { kind: 'map', entries: [] }, findings: [] })
  expect(parseYaml('# nothing yet\n', 'x.yaml').findings).toEqual([])
})

test('numbers keep what was written, for text that looks like one', () => {
  const { tree } = parseYaml('a: 007\nb: 12345678901234567890\n', 'x.yaml')
  expect(entryOf(tree, 'a')?.value).toMatchObject({ text: '007' })
  expect(entryOf(tree, 'b')?.value).toMatchObject({ text: '12345678901234567890' })
})

test('a key that is there twice is a finding at the second, with the line of the first', () => {
  expect(problems('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n')).toEqual([
    'x.yaml:4:3  b.c: the key is there twice; it stands on line 3 already (found: c)\n    fix: Remove one of them.',
    'x.yaml:5:1  a: the key is there twice; it stands on line 1 already (found: a)\n    fix: Remove one of them.',
  ])
})

test.each([
  ['an unclosed list', 'a: [1, 2\nb: 3\n', 'x.yaml:2:1  not valid YAML'],
  ['an unclosed quote', 'a: "x\n', 'x.yaml:2:1  not valid YAML: Missing closing'],
  ['a tab', 'a:\n\tb: 1\n', 'x.yaml:2:1  not valid YAML: Tabs are not allowed'],
  ['two documents', 'a: 1\n---\nb: 2\n', 'x.yaml:2:1  one document is expected, and here a second one begins'],
  ['a reference in braces', `a: { b: \${env:X} }\n`, 'fix: Put the reference in quotes'],
  ['an alias', 'a: &x 1\nb: *x\n', 'x.yaml:2:4  b: aliases and tags are not supported'],
  ['a tag', 'a: !secret x\n', 'x.yaml:1:4  not valid YAML: text that starts with ! needs quotes'],
  ['deep nesting', '['.repeat(50_000), 'it is nested too deeply'],
])('%s is one finding', (_case, text, expected) => {
  const found = problems(text)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(expected)
  expect(found[0]).not.toMatch(/YAML\.|call stack/)
})

test('references to itself and exponential aliases end at once', () => {
  expect(problems('a: &a [*a]\n')).toHaveLength(1)
  const lines = ['a: &a [x, x, x]', 'b: &b [*a, *a, *a]', 'c: &c [*b, *b, *b]']
  expect(problems(lines.join('\n'))).toHaveLength(6)
})
