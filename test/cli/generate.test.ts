import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeLines } from '../../src/cli/generate.ts'
import { tempDirectory } from '../support/temp.ts'

async function* lines(failure?: Error) {
  yield 'a line\n'
  if (failure) throw failure
}

test('a file that cannot be written is said, with the cause', async () => {
  const file = join(await tempDirectory(), 'missing', 'records.ndjson')
  const cause = expect.objectContaining({ code: 'ENOENT' })
  await expect(writeLines(lines(), file)).rejects.toMatchObject({ kind: 'cannot_write', facts: { file }, cause })
})

test('a defect of the generator is not taken for a file that cannot be written', async () => {
  const defect = new TypeError('undefined is not a table')
  await expect(writeLines(lines(defect), join(await tempDirectory(), 'records.ndjson'))).rejects.toBe(defect)
})
