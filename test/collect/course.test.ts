import { expect, test } from 'vitest'
import { Course, stride } from '../../src/collect/course.ts'
import type { Cursor } from '../../src/core/types.ts'

const at = (sequenceNumber: number, offset = `s${sequenceNumber}`): Cursor => ({ sequenceNumber, offset })

function courseOf(checkpoint: Cursor | undefined, lanes: Record<string, Cursor> = {}): Course {
  return new Course({ checkpoint, lanes: new Map(Object.entries(lanes)) })
}

test('a first start has no state to read from, and marks where it set out', () => {
  const course = courseOf(undefined)
  expect([course.from, course.until]).toEqual([undefined, undefined])
  expect(course.setOut('today')).toEqual(at(stride, 'today'))
  expect(course.setOut('later')).toBeUndefined()
  expect(course.from).toBe('today')
  expect([course.advance('a'), course.advance('b')]).toEqual([at(2 * stride, 'a'), at(3 * stride, 'b')])
  expect(course.arrive()).toBeUndefined()
})

test('a first start that cannot say where it set out reads from the beginning until a page says more', () => {
  const course = courseOf(undefined)
  expect(course.setOut('')).toEqual(at(stride, ''))
  expect(course.from).toBeUndefined()
  course.advance('a')
  expect(course.from).toBe('a')
})

test('a start of which nothing was settled begins where it began, with numbers that nobody has seen', () => {
  const lanes = { siem: at(stride, 'first'), archive: at(3 * stride, 'third') }
  const course = courseOf(undefined, lanes)
  expect(course.from).toBe('first')
  expect(course.setOut('today')).toEqual(at(4 * stride, 'first'))
})

test('a checkpoint is gone on from in strides, also one between two', () => {
  expect(courseOf(at(7 * stride)).advance('a')).toEqual(at(8 * stride, 'a'))
  expect(courseOf(at(7 * stride + 12)).advance('a')).toEqual(at(8 * stride, 'a'))
})

test('outputs that lag are windows from the lowest to each of the others, whatever stands twice', () => {
  const lanes = { a: at(5 * stride), b: at(2 * stride + 3), c: at(5 * stride), d: at(9 * stride) }
  const course = courseOf(at(9 * stride), lanes)
  expect([course.from, course.until]).toEqual([at(2 * stride + 3).offset, at(5 * stride).offset])
  expect(course.advance('x')).toEqual(at(2 * stride + 4, 'x'))
  expect(course.arrive()).toEqual(at(5 * stride))
  expect([course.from, course.until]).toEqual([at(5 * stride).offset, at(9 * stride).offset])
  expect(course.advance('y')).toEqual(at(5 * stride + 1, 'y'))
  expect(course.arrive()).toEqual(at(9 * stride))
  expect(course.until).toBeUndefined()
  expect(course.advance('z')).toEqual(at(10 * stride, 'z'))
})
