import { expect, test } from 'vitest'
import { SliceStore } from '../../src/collect/slice-store.ts'

const found = (store: SliceStore, id: string) => store.get(id) && Buffer.from(store.get(id)!).toString()

test('an entry is found again whatever the case of its id, and is a copy', () => {
  const store = new SliceStore(10_000)
  const bytes = Buffer.from('{"a":1}')
  store.set('CVE-1', bytes)
  bytes.fill(0)
  expect(found(store, 'cve-1')).toBe('{"a":1}')
  expect(store.get('CVE-2')).toBeUndefined()
  store.set('cve-1', Buffer.from('{"a":2}'))
  expect(found(store, 'CVE-1')).toBe('{"a":2}')
})

test('names that objects have by themselves are ids like others', () => {
  const store = new SliceStore(10_000)
  expect(store.get('__proto__')).toBeUndefined()
  expect(store.get('constructor')).toBeUndefined()
})

test('entries stay whole over many megabytes', () => {
  const store = new SliceStore(100 << 20)
  const text = (index: number) => `{"n":${index},"text":"${'x'.repeat(index % 3000)}"}`
  for (let index = 0; index < 5000; index++) store.set(`id-${index}`, Buffer.from(text(index)))
  for (let index = 0; index < 5000; index += 7) expect(found(store, `id-${index}`)).toBe(text(index))
})

test('what is beyond the budget is left out, what was there before stays', () => {
  const store = new SliceStore(100_000)
  for (let index = 0; index < 1000; index++) store.set(`id-${index}`, Buffer.alloc(1000))
  expect(store.get('id-0')).toHaveLength(1000)
  expect(store.get('id-80')).toHaveLength(1000)
  expect(store.get('id-95')).toBeUndefined()
  store.set('huge', Buffer.alloc((1 << 20) + 1))
  expect(store.get('huge')).toBeUndefined()
})
