import { expect, test } from 'vitest'
import { entry, json, remark, row } from '../../../src/cli/explain/layout.ts'

const words = 'a text of several words '.repeat(8).trim()

test('an entry goes on below its text, also below a label that is too long', () => {
  const [first, ...rest] = entry('label', words, 10)
  expect(first).toMatch(/^ {2}label {7}a text/)
  for (const line of rest) expect(line).toMatch(/^ {14}\w/)
  const long = entry('a.label.that.is.longer', words, 10)
  expect(long[0]).toMatch(/^ {2}a\.label\.that\.is\.longer {2}a text/)
  expect(long[1]).toMatch(/^ {14}\w/)
})

test.each([
  ['words', words],
  ['one word', 'x'.repeat(500)],
  ['words and a long one', `${words} ${'x'.repeat(130)} ${words}`],
])('no line of %s is longer than 100 columns, and nothing is lost', (_name, text) => {
  for (const lines of [entry('label', text, 10), entry('l'.repeat(96), text, 10), remark(text, 'device.yaml:12')]) {
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(100)
    const whole = lines.join('').replaceAll(/\s|device\.yaml:12|l{96}|label/g, '')
    expect(whole).toBe(text.replaceAll(' ', ''))
  }
})

test('a remark ends with the place of its rule at the right', () => {
  const [line] = remark('DeviceName', 'device.yaml:12')
  expect(line).toMatch(/^ {6}DeviceName +device\.yaml:12$/)
  expect(line).toHaveLength(100)
})

test('a row is used only when all of it fits', () => {
  expect(row('host.id', '"a"', 'DeviceId', 'envelope.yaml:45')).toHaveLength(100)
  expect(row('host.id', '"a"', 'x'.repeat(40), 'envelope.yaml:45')).toBeUndefined()
  expect(row('host.id', 'x'.repeat(40), 'DeviceId', 'envelope.yaml:45')).toBeUndefined()
})

test('JSON is cut where it is too long, and of lists between the items there is room to wrap', () => {
  expect(json(['a', 1])).toBe('["a", 1]')
  expect(json('x'.repeat(20), 10)).toBe('"xxxxxxxx…')
})
