import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const hazards = [...'ABCDEFGHIJK', ...Array.from({ length: 12 }, (_, index) => `H${index + 1}`)]
const root = join(import.meta.dirname, '../..')
const rows = readFileSync(join(root, 'docs/hazards.md'), 'utf8')
  .split('\n')
  .filter(line => /^\| [A-K]\d*\b/.test(line))
  .map(line => {
    const [ids = '', , countermeasure = '', tests = ''] = line.slice(2, -2).split(' | ')
    return { ids: ids.split(', '), countermeasure, tests }
  })

/** Each backticked file of a cell with what is said of it up to the next one. */
function filesOf(cell: string): { file: string; rest: string }[] {
  return [...cell.matchAll(/`([\w./-]+\.(?:ts|json))`(.*?)(?=`[\w./-]+\.(?:ts|json)`|$)/g)].map(
    ([, file = '', rest = '']) => ({ file, rest }),
  )
}

/** `describe > test`, or the name of a test that stands alone. */
function namesIn(path: string): Set<string> {
  const names = new Set<string>()
  let outer = ''
  const pattern = /^( *)(describe|test)(?:\.each\([^)]*\))?\(\s*'([^']+)'/gm
  for (const [, indent, kind, name] of readFileSync(path, 'utf8').matchAll(pattern)) {
    if (kind === 'describe') outer = `${name} > `
    else names.add(indent === '' ? name! : outer + name)
  }
  return names
}

test('every hazard has one row, with a test that carries its name', () => {
  for (const hazard of hazards) {
    const tests = rows.filter(({ ids }) => ids.includes(hazard)).map(row => row.tests)
    expect(tests, hazard).toHaveLength(1)
    for (const each of tests) expect(each).toMatch(new RegExp(`"(?:[^"]*\\W)?${hazard}\\b[^"]*"`))
  }
  expect(rows.flatMap(({ ids }) => ids).filter(id => !hazards.includes(id))).toEqual([])
})

test.each(rows)('$ids: the countermeasure is where the table says', ({ countermeasure }) => {
  const files = filesOf(countermeasure)
  expect(files.length).toBeGreaterThan(0)
  for (const { file, rest } of files) {
    const [, symbol] = /`([#\w]+)`/.exec(rest) ?? []
    expect(symbol, file).toBeDefined()
    const path = ['src/consumer', 'src/storage', 'src/core']
      .map(folder => join(root, folder, file))
      .find(each => existsSync(each))
    expect(path, file).toBeDefined()
    expect(readFileSync(path!, 'utf8')).toContain(symbol)
  }
})

test.each(rows)('$ids: the tests are where the table says', ({ tests }) => {
  const files = filesOf(tests)
  expect(files.length).toBeGreaterThan(0)
  for (const { file, rest } of files) {
    const path = join(root, 'test/consumer', file)
    expect(existsSync(path), path).toBe(true)
    const quoted = [...rest.matchAll(/"([^"]+)"/g)].map(([, name]) => name!)
    expect(quoted.length, file).toBeGreaterThan(0)
    const names = namesIn(path)
    for (const name of quoted) expect(names, path).toContain(name)
  }
})
