import { isUtf8 } from 'node:buffer'
import { expect, test } from 'vitest'
import { type BrokenMessage, brokenMessages } from '../../src/emulator/generator/broken.ts'

const list = brokenMessages()
const find = (name: string) => list.find(message => message.name.includes(name))!
const text = ({ body }: BrokenMessage) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
const parse = (message: BrokenMessage) => (JSON.parse(text(message)) as { records: unknown[] }).records

test('the list is always the same, with a name for each', () => {
  expect(brokenMessages()).toBe(list)
  expect(new Set(list.map(({ name }) => name)).size).toBe(list.length)
  expect(list.length).toBeGreaterThanOrEqual(17)
})

test('all of them fit in a message of a hub and in a line', () => {
  for (const { name, body } of list) {
    expect(body.length, name).toBeLessThan(1_048_000)
    expect(body.includes(0x0a), name).toBe(false)
  }
})

test('what is said to come of each adds up', () => {
  for (const message of list) {
    const { name, broken, expect: reason, rejects, validRecords } = message
    expect(reason === 'delivered', name).toBe(broken === 'none')
    expect(rejects > 0, name).toBe(broken !== 'none')
    expect(broken === 'whole' && validRecords > 0, name).toBe(false)
    if (reason === 'invalid_json' || reason === 'bad_encoding' || message.salvage || name === 'byte order mark')
      continue
    if (broken !== 'whole') expect(parse(message).length, name).toBe(rejects + validRecords)
  }
})

test('those that are not JSON are not', () => {
  for (const message of list) {
    const parses = () => parse(message)
    if (message.expect === 'invalid_json' || message.name === 'byte order mark') expect(parses, message.name).toThrow()
    else expect(parses, message.name).not.toThrow()
  }
})

test('each has the damage that its name tells of', () => {
  expect(list.filter(({ body }) => !isUtf8(body)).map(({ name }) => name)).toEqual(['invalid UTF-8'])
  expect(text(find('byte order')).charCodeAt(0)).toBe(0xfeff)
  expect(find('empty body').body).toHaveLength(0)
  expect(text(find('ReportId'))).toContain('"ReportId":639199916335081329')
  expect(text(find('surrogate'))).toContain('\\ud800')
  expect(text(find('levels deep'))).toContain('['.repeat(5000))
  const [, wide] = parse(find('80,000')) as { properties: object }[]
  expect(Object.keys(wide!.properties)).toHaveLength(80_000)
  const [polluter] = parse(find('__proto__')) as { properties: object }[]
  expect(Object.keys(polluter!.properties)).toEqual(['DeviceName', '__proto__', 'constructor', 'toString'])
  expect(find('5,000 records').body.length).toBeGreaterThan(900_000)
  expect(parse(find('5,000 records'))).toHaveLength(5000)
})
