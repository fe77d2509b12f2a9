import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync('docs/decisions/003-dependencies.md', 'utf8')
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const quoted = (text = '') => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
const rows = [...page.matchAll(/^\| `([^`]+)`[^|]*\|[^|]*\|([^|]*)\|$/gm)].map(([, name, places]) => ({
  name: name!,
  places: quoted(places),
}))

test('the page gives a reason for each package that is shipped, and for no other', () => {
  expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(dependencies).toSorted())
})

test('the page names each package that only development needs', () => {
  const named = quoted(/Development only: .*/.exec(page)?.[0])
  expect(Object.keys(devDependencies).filter(name => !named.includes(name))).toEqual([])
})

test.each(rows)('$name is imported where the page says', ({ name, places }) => {
  const users = globSync('src/**/*.ts').filter(path => readFileSync(path, 'utf8').includes(` from '${name}'`))
  const isNamed = (path: string) =>
    places.some(place => (place.endsWith('/') ? path.startsWith(`src/${place}`) : path === `src/${place}`))
  expect(users.filter(path => !isNamed(path))).toEqual([])
  expect(places.filter(place => !users.some(path => path.startsWith(`src/${place}`)))).toEqual([])
})
