import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** All cases, and all tests by their text: the number stands in the name. */
const texts = globSync('test/**/*.{yaml,ts}').map(path => readFileSync(path, 'utf8'))
const names = texts.flatMap(text =>
  [...text.matchAll(/(?:name: "|(?:test|describe)(?:\.each\(.*?\))?\(\s*')([^'"]+)/g)].map(([, name]) => name!),
)

const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const lacking = (numbers: readonly number[], prefix: string) =>
  numbers
    .map(number => `${prefix}${number}`)
    .filter(name => !names.some(each => new RegExp(`^.*\\b${name}\\b.*:`).test(each)))

test('every correction of the reference mapping is shown by a case or test that names it', () => {
  expect(lacking(count(1, 18), 'correction ')).toEqual([])
})

test('every ruling is shown by a case or test that names it', () => {
  // There is no ruling 24.
  expect(lacking(count(1, 33), 'R')).toEqual(['R24'])
})
