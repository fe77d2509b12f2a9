import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placesInHub, reconcile } from '../../../src/cli/demo/reconcile.ts'
import type { Message } from '../../../src/core/types.ts'
import { tempDirectory } from '../../support/temp.ts'

const document = (sequence: number, record: number) =>
  JSON.stringify({ azure: { partition_id: '0', sequence_number: sequence, record_index: record } })
const letter = (sequence: number, record: number | null) =>
  JSON.stringify({ partition_id: '0', sequence_number: sequence, record_index: record, reason: 'invalid_json' })

async function found(documents: string[], letters: string[], produced: string[]) {
  const folder = await tempDirectory()
  await mkdir(join(folder, 'dead-letters'))
  await writeFile(join(folder, 'Table.ndjson'), documents.map(line => `${line}\n`).join(''))
  await writeFile(join(folder, 'dead-letters', '1.ndjson'), letters.map(line => `${line}\n`).join(''))
  return reconcile(new Set(produced), folder, join(folder, 'dead-letters'))
}

test('delivered and dead-lettered together make what was produced', async () => {
  const result = await found([document(1, 0)], [letter(1, 1), letter(2, null)], ['0/1/0', '0/1/1', '0/2/whole'])
  expect(result).toMatchObject({ produced: 3, delivered: 1, deadLettered: 2, missing: [], doubled: [], unknown: [] })
})

test('what is missing, doubled or was never produced is named', async () => {
  const documents = [document(1, 0), document(1, 0), document(9, 9)]
  const result = await found(documents, [letter(1, 1)], ['0/1/0', '0/1/1', '0/1/2'])
  expect(result).toMatchObject({ missing: ['0/1/2'], doubled: ['0/1/0'], unknown: ['0/9/9'] })
})

test('a folder that is missing holds nothing, and one that cannot be read is no empty one', async () => {
  const folder = await tempDirectory()
  const missing = join(folder, 'missing')
  expect(await reconcile(new Set(['0/1/0']), missing, missing)).toMatchObject({ missing: ['0/1/0'] })
  await writeFile(join(folder, 'file'), '')
  await expect(reconcile(new Set(), join(folder, 'file'), missing)).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test('a message that is no envelope is one place, others are one place a record', async () => {
  const message = (sequenceNumber: number, text: string): Message => ({
    body: Buffer.from(text),
    sequenceNumber,
    offset: '0',
    enqueuedTime: 0,
  })
  const places = await placesInHub(async visit => {
    visit('0', message(1, '{"records":[{},null]}'))
    visit('0', message(2, 'not JSON'))
    visit('1', message(1, '{"records":{}}'))
    visit('1', message(2, '{"records":[]}'))
  })
  expect([...places]).toEqual(['0/1/0', '0/1/1', '0/2/whole', '1/1/whole'])
})
