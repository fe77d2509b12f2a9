import { expect, test } from 'vitest'
import { workersFor } from '../../src/transform/options.ts'

test('there is a worker for each core but one, up to what the main thread can feed', () => {
  expect([1, 2, 3, 5, 6, 64].map(workersFor)).toEqual([1, 1, 2, 4, 4, 4])
})
