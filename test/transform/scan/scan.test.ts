import { expect, test } from 'vitest'
import { Kernel } from '../../../src/transform/kernel/kernel.ts'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { options } from '../support/batches.ts'

test('more categories than are told apart by their bytes are found all the same, each with its name', () => {
  const names = Array.from({ length: 1000 }, (_, number) => `Table${number % 500}`)
  const records = names.map(name => `{"category":"${name}","properties":{"A":1}}`)
  const scanner = createMapper(options, undefined, 'event', new Kernel()).scanner!
  expect(scanner.open(Buffer.from(`{"records":[${records.join()}]}`))).toBe(true)
  const found = names.map(() => [scanner.next(), scanner.tape.name])
  expect(found).toEqual(names.map(name => ['record', name]))
  expect(scanner.next()).toBe('end')
})
