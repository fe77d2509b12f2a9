import { expect, test } from 'vitest'
import { joined } from '../../src/core/joined.ts'

test('who asks while it is under way gets its answer, and who asks later a new one', async () => {
  const first = Promise.withResolvers<string>()
  const answers = [first.promise, Promise.resolve('second')]
  const ask = joined(() => answers.shift()!)
  const asked = [ask(), ask()]
  first.resolve('first')
  expect(await Promise.all(asked)).toEqual(['first', 'first'])
  expect(await ask()).toBe('second')
})

test('a failure is told to all who wait for it, and the next one tries again', async () => {
  let fails = true
  const ask = joined(async () => {
    if (fails) throw new Error('no')
    return 'yes'
  })
  const asked = await Promise.allSettled([ask(), ask()])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await ask()).toBe('yes')
})
