import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Kernel } from '../../../src/transform/kernel/kernel.ts'
import { integer, plain } from '../../../src/transform/kernel/kinds.ts'
import { bodyAt, madeAt, scratchAt } from '../../../src/transform/kernel/layout.ts'
import { conversions } from '../../../src/transform/mapping/convert.ts'
import { isUtc } from '../../../src/transform/mapping/dates.ts'

const kernel = new Kernel()
const { run } = kernel

/** Puts the text into slot 0, with more of the same kind behind it, as in a message. */
function hold(text: string, behind = '","Next":"NEXT\\"'): number {
  kernel.take(Buffer.from(`${text}${behind}`))
  kernel.kinds[0] = plain
  kernel.from[0] = bodyAt
  kernel.to[0] = bodyAt + Buffer.byteLength(text)
  return kernel.to[0]
}

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 40, size: 'max' })

describe('texts of ASCII', () => {
  test('are written in lower case, and told whether they are', () => {
    fc.assert(
      fc.property(ascii, text => {
        hold(text)
        expect(run.hasCapital(0) !== 0).toBe(text !== text.toLowerCase())
        const end = run.lower(0, madeAt)
        expect(kernel.bytes.toString('latin1', madeAt, end)).toBe(`"${text.toLowerCase()}"`)
      }),
      { numRuns: 1000 },
    )
  })

  test('lose their escapes, and are left alone with others or beyond ASCII', () => {
    const part = fc.oneof(
      ascii,
      fc.constantFrom('\\', '"', '\n', '\r', '\t', '\b', '\f', '\u0001', 'é', 'x'.repeat(16)),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), parts => {
        const text = parts.join('')
        const end = hold(JSON.stringify(text).slice(1, -1))
        const isUsual = !/[^\x20-\x7f\n\r\t\b\f]/.test(text)
        const found = run.withoutEscapes(bodyAt, end, scratchAt)
        expect(found === 0 ? undefined : kernel.bytes.toString('latin1', scratchAt, found)).toBe(
          isUsual ? text : undefined,
        )
      }),
      { numRuns: 2000 },
    )
  })

  test('a slash may be escaped, too', () => {
    const end = hold('a\\/b')
    const found = run.withoutEscapes(bodyAt, end, scratchAt)
    expect(kernel.bytes.toString('latin1', scratchAt, found)).toBe('a/b')
  })
})

test('bytes are the same when each of them is, and have the same hash', () => {
  const bytes = fc.uint8Array({ maxLength: 60, size: 'max' })
  fc.assert(
    fc.property(bytes, fc.nat(), (value, place) => {
      const { length } = value
      kernel.bytes.set(value, madeAt)
      kernel.bytes.set(value, madeAt + 100)
      // What stands behind does not count.
      kernel.bytes[madeAt + length] = 1
      kernel.bytes[madeAt + 100 + length] = 2
      expect(run.same(madeAt, madeAt + 100, length)).toBe(1)
      expect(run.hash(madeAt, madeAt + length)).toBe(run.hash(madeAt + 100, madeAt + 100 + length))
      if (length === 0) return
      kernel.bytes[madeAt + 100 + (place % length)]! ^= 1
      expect(run.same(madeAt, madeAt + 100, length)).toBe(0)
    }),
  )
})

test('ids of processes are what the conversion makes of number, start and device, however long that is', () => {
  const device = fc
    .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 300, size: 'max' })
    .filter(text => !/["\\\\]/.test(text))
  fc.assert(
    fc.property(fc.integer({ min: -999_999_999, max: 999_999_999_999 }), device, (number, machine) => {
      const start = '2026-03-02T08:00:00.1234567Z'
      const pid = String(number)
      hold(`${pid} ${start} ${machine}`)
      const ends = [pid.length, pid.length + 1 + start.length, pid.length + 2 + start.length + machine.length]
      const starts = [0, pid.length + 1, pid.length + 2 + start.length]
      for (const slot of [0, 1, 2]) {
        kernel.kinds[slot] = slot === 0 ? integer : plain
        kernel.from[slot] = bodyAt + starts[slot]!
        kernel.to[slot] = bodyAt + ends[slot]!
      }
      const end = run.processId(0, 1, 2, madeAt)
      const id = conversions.entity_id(number, conversions.date(start), machine)
      expect(kernel.bytes.toString('latin1', madeAt, end)).toBe(JSON.stringify(id))
    }),
    { numRuns: 1000 },
  )
  kernel.to[2] = kernel.from[2]! + 2000
  expect(run.processId(0, 1, 2, madeAt)).toBe(0)
})

describe('the most usual forms', () => {
  test('of dates are dates in UTC, with three digits and more below a second', () => {
    const usual = /^.{20}\d{3,9}Z?$/
    const change = fc.tuple(fc.nat(), fc.constantFrom(...'0123456789-:TZ. +/;a'))
    const date = fc
      .tuple(
        fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
        fc.constantFrom('', '1', '123456', '1234567'),
        fc.boolean(),
        fc.option(change),
      )
      .map(([value, digits, zoned, changed]) => {
        const text = `${value.toISOString().slice(0, -1)}${digits}${zoned ? 'Z' : ''}`
        if (changed === null) return text
        const place = changed[0] % text.length
        return `${text.slice(0, place)}${changed[1]}${text.slice(place + 1)}`
      })
    fc.assert(
      fc.property(date, text => {
        hold(text)
        const isLate = Number(text.slice(8, 10)) > 28
        expect(run.isUsualDate(0) !== 0).toBe(isUtc(text) && usual.test(text) && !isLate)
      }),
      { numRuns: 5000 },
    )
  })

  test('of addresses are of IPv4', () => {
    const number = fc.oneof(fc.nat(300).map(String), fc.constantFrom('0', '00', '01', '', '-1', 'a', '1000'))
    const address = fc.array(number, { minLength: 3, maxLength: 5 }).map(parts => parts.join('.'))
    fc.assert(
      fc.property(fc.oneof(address, fc.ipV4(), fc.ipV6(), ascii), text => {
        hold(text)
        const isAddress = conversions.ip(text) !== undefined && !text.includes(':')
        expect(run.isUsualAddress(0) !== 0).toBe(isAddress)
      }),
      { numRuns: 2000 },
    )
  })
})
