import { mkdir, stat } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silent } from '../../src/core/log.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { lookAtCursor } from '../../src/storage/cursor-look.ts'
import { createCursorStore } from '../../src/storage/cursor-store.ts'
import { cursorFile, lookAtDirectory } from '../../src/storage/directory-cursors.ts'
import { checkpointOptions } from '../support/event-hub.ts'
import { tempDirectory } from '../support/temp.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const { signal } = new AbortController()
const cursor = { sequenceNumber: 7_000_000, offset: '{"cursor":"2026-03-01T08:15:50.0633333Z"}' }

test.each([
  ['a container', async () => checkpointOptions(storage)],
  ['a directory', async () => ({ ...checkpointOptions(storage), directory: await tempDirectory() })],
])('the cursor in %s is shown while its source is polled, and disturbs nobody', async (_what, optionsOf) => {
  const options = await optionsOf()
  const store = createCursorStore(options, 'contoso.com/graph_alerts/alerts', { log: silent, pid: 7 })
  await store.prove(signal)
  const look = () => lookAtCursor(options, 'contoso.com/graph_alerts/alerts')
  expect(await look()).toBeUndefined()
  const hold = (await store.acquire(signal))!
  expect(await look()).toBeUndefined()
  await hold.checkpoint(cursor)
  const found = (await look())!
  expect(found.cursor).toEqual(cursor)
  expect(Math.abs(found.modified - Date.now())).toBeLessThan(60_000)
  expect(await hold.checkpoint({ ...cursor, sequenceNumber: 8_000_000 })).toBe('written')
  await hold.release()
})

test('a container that is missing is said, and not made', async () => {
  const options = checkpointOptions(storage)
  for (const _ of [1, 2]) {
    await expect(lookAtCursor(options, 'a')).rejects.toMatchObject({ kind: 'container_not_found' })
  }
})

test('a file that cannot be read is not one that cannot be written', async () => {
  const directory = await tempDirectory()
  await mkdir(cursorFile(directory, 'a'), { recursive: true })
  const look = lookAtCursor({ ...checkpointOptions(storage), directory }, 'a')
  await expect(look).rejects.toMatchObject({ kind: 'checkpoint_file_failed', message: expect.stringMatching(/EISDIR/) })
})

test('a directory that is checked says which of its cursors are kept, and which are in use', async () => {
  const directory = await tempDirectory()
  const options = { ...checkpointOptions(storage), directory }
  const store = createCursorStore(options, 'one', { log: silent, pid: 7 })
  expect(await lookAtDirectory(directory, ['one', 'two'], 8)).toBe(`directory ${directory}: checkpoints 0`)
  const hold = (await store.acquire(signal))!
  await hold.checkpoint(cursor)
  const used = `directory ${directory}: checkpoints 0, 1 in use by a running process`
  expect(await lookAtDirectory(directory, ['one', 'two'], 8)).toBe(used)
  expect(await hold.checkpoint({ ...cursor, sequenceNumber: 8_000_000 })).toBe('written')
  await hold.release()
  expect(await lookAtDirectory(directory, ['one', 'two'], 8)).toBe(`directory ${directory}: checkpoints 1`)
  await expect(lookAtDirectory(`${directory}/one.json`, ['one'], 8)).rejects.toMatchObject({ kind: 'cannot_write' })
  expect((await stat(directory)).isDirectory()).toBe(true)
})
