import { afterEach, expect, test, vi } from 'vitest'
import { silent } from '../../src/core/log.ts'
import { Troubles } from '../../src/core/troubles.ts'

afterEach(() => void vi.useRealTimers())

function troublesWithLog() {
  vi.useFakeTimers({ toFake: ['performance'] })
  const lines: string[] = []
  const add = (text: string) => lines.push(text)
  return { troubles: new Troubles({ ...silent, warn: add, info: add }), lines }
}

test('what takes turns is said once a minute each, and when it is over', () => {
  const { troubles, lines } = troublesWithLog()
  for (let second = 0; second < 100; second++) {
    troubles.report('xdr', second % 2 === 0 ? 'refused' : 'reset', second % 2 === 0 ? 'XP2001' : 'XP2005')
    vi.advanceTimersByTime(1000)
  }
  expect(lines).toEqual(['xdr: refused', 'xdr: reset', 'xdr: refused', 'xdr: reset'])
  troubles.over('xdr')
  troubles.over('xdr')
  expect(lines.slice(4)).toEqual(['xdr: reads again'])
})

test('what is wrong now is told by its newest code, for the subjects that are asked about', () => {
  const { troubles } = troublesWithLog()
  troubles.report('xdr', 'refused', 'XP2001')
  troubles.report('xdr', 'reset', 'XP2005')
  troubles.report('xdr/0', 'broken', 'XP3001')
  expect(troubles.codes(() => true)).toEqual(['XP2005', 'XP3001'])
  expect(troubles.codes(subject => subject === 'xdr/0')).toEqual(['XP3001'])
  troubles.over('xdr/0')
  expect(troubles.codes(() => true)).toEqual(['XP2005'])
})
