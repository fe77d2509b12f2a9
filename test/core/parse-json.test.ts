import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/core/parse-json.ts'

/** A value next to a text of it: nothing here is read by the parser under test to know what is right. */
interface Written {
  readonly value: unknown
  readonly text: string
}

const character = fc.constantFrom('a', 'b', '\\', '"', '\n', '\t', '/', '\u0000', 'é', '𝛓', '1', 'n', 'u', '{', ':')
const word = fc.array(character, { maxLength: 4 }).map(characters => characters.join(''))
const hex = (code: number) => code.toString(16).padStart(4, '0')
const key = fc
  .tuple(
    fc.oneof(word, word, fc.constantFrom('__proto__', 'constructor', 'a', 'a\\', 'a\\n', 'a\n', 'a"', 'aé\\', '7')),
    fc.boolean(),
  )
  .map(([name, odd]) => ({
    name,
    text: odd
      ? `"${[...Array(name.length).keys()].map(at => `\\u${hex(name.charCodeAt(at))}`).join('')}"`
      : JSON.stringify(name),
  }))
const space = fc.constantFrom('', '', ' ', '\r\n\t')
const { written } = fc.letrec<{ written: Written; list: Written; object: Written }>(tie => ({
  written: fc.oneof(
    { maxDepth: 4 },
    word.map(value => ({ value, text: JSON.stringify(value) })),
    fc.constantFrom('0', '-1.5e+3', 'true', 'null').map(text => ({ value: JSON.parse(text), text })),
    tie('list'),
    tie('object'),
  ),
  list: fc.tuple(space, fc.array(tie('written'), { maxLength: 4 })).map(([gap, all]) => ({
    value: all.map(each => each.value),
    text: `[${all.map(each => each.text).join(`${gap},`)}]`,
  })),
  object: fc.tuple(space, fc.array(fc.tuple(key, tie('written')), { maxLength: 4 })).map(([gap, members]) => ({
    value: objectOf(members.map(([{ name }, { value }]) => [name, value])),
    text: `{${members.map(([{ text }, value]) => `${gap}${text}${gap}:${value.text}`).join(',')}}`,
  })),
}))

function objectOf(members: readonly (readonly [string, unknown])[]): object {
  const object = {}
  for (const [name, value] of members) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  }
  return object
}

describe('parsing JSON', () => {
  test('keeps keys with escapes what they are after objects whose keys hold a backslash', () => {
    // What V8 does without us; once this fails, `parseJson` has had its day.
    JSON.parse('{"first":[],"\\\\":0}')
    expect(JSON.parse('{"first":1,"\\"":2}')).toEqual({ first: 1, '\\': 2 })
    expect(parseJson('{"first":1,"\\"":2}')).toEqual({ first: 1, '"': 2 })
    expect(parseJson('{"first":1,"\\\\":2}')).toEqual({ first: 1, '\\': 2 })
  })

  test('gives any value as it was written, members in their order', () => {
    fc.assert(
      fc.property(written, ({ value, text }) => {
        const parsed = parseJson(text)
        expect(parsed).toEqual(value)
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(value))
      }),
      { numRuns: 3000 },
    )
  })

  test('counts the last one of keys that are the same behind their escapes', () => {
    expect(parseJson('{"a":1,"\\u0061":2,"b":3}')).toEqual({ a: 2, b: 3 })
    expect(parseJson('{"\\u0022":1,"\\"":2}')).toEqual({ '"': 2 })
  })

  test('makes `__proto__` a member like any other', () => {
    const parsed = parseJson('{"\\u005f_proto__":{"a\\n":1},"\\n":2}') as object
    expect(Object.keys(parsed)).toEqual(['__proto__', '\n'])
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
    expect(JSON.stringify(parsed)).toBe('{"__proto__":{"a\\n":1},"\\n":2}')
  })

  test('gives a reviver the text of each number', () => {
    const text = '{"\\"":12345678901234567890}'
    expect(parseJson(text, (_key, value, { source }) => source ?? value)).toEqual({ '"': '12345678901234567890' })
  })

  test('reads 200,000 levels with escapes in their keys', () => {
    const text = `${'{"\\n":'.repeat(200_000)}null${'}'.repeat(200_000)}`
    let value = parseJson(text)
    let depth = 0
    for (; value !== null; depth++) value = (value as Record<string, unknown>)['\n']
    expect(depth).toBe(200_000)
  })

  test('finds no fewer faults than without escapes', () => {
    for (const text of [
      '{"\\n":1',
      '{"\\q":1}',
      '{"\\n":1}}',
      '{"\\n" 1}',
      '"\\n":1',
      '{\\"a":1}',
      '{"\\u00":1}',
      '{"\\',
      '',
    ]) {
      expect(() => parseJson(text), text).toThrow(SyntaxError)
    }
  })
})
