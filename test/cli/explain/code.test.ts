import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exits } from '../../../src/cli/explain/code.ts'
import { errorOfCode } from '../../../src/core/errors.ts'

const page = readFileSync('docs/commands.md', 'utf8')

test('the words for an exit code are those of its row in docs/commands.md', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, exit, meaning]) => [exit, meaning])
  const [done, ...failures] = rows
  expect(done?.[0]).toBe('0')
  expect(failures).toEqual(Object.entries(exits))
})

test('each error has an exit code with a meaning', () => {
  const errors = Array.from({ length: 10_000 }, (_, number) => errorOfCode(`XP${number}`)).filter(each => each)
  expect(errors.length).toBeGreaterThan(30)
  expect(errors.filter(error => exits[error!.exit] === undefined)).toEqual([])
})

test('what is explained on the page is what the command says', () => {
  const [, code, exit, meaning, next] = /^(XP\d+) {2}.*\n {2}exit {2}(\d+), (.*)\n {2}next {2}(.*)$/m.exec(page)!
  expect(errorOfCode(code!)).toMatchObject({ exit: Number(exit), next })
  expect(exits[Number(exit)]).toBe(meaning)
})
