import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentBytes } from '../../src/core/chunk.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Chunk } from '../../src/core/types.ts'
import { FieldEditor } from '../../src/output/field-editor.ts'
import { chunkOf } from '../support/chunks.ts'

const key = 'a key of the tests, long enough'
const hmac = (text: string) => createHmac('sha256', key).update(text).digest('hex')

interface Choice {
  readonly drop?: string[]
  readonly hash?: string[]
}

function chunkOfLines(lines: readonly string[]): Chunk {
  const buffers = lines.map(line => Buffer.from(`${line}\n`))
  let end = 0
  const chunk = chunkOf(lines.map(() => ({})))
  return { ...chunk, lines: Buffer.concat(buffers), ends: Uint32Array.from(buffers, each => (end += each.length)) }
}

function editAll(lines: readonly string[], choice: Choice): string[] {
  const editor = new FieldEditor({ ...choice, hashKey: new Secret(key) })
  const chunk = editor.edit(chunkOfLines(lines))
  expect(chunk.ends.at(-1) ?? 0).toBe(chunk.lines.length)
  return lines.map((_, index) => {
    const line = Buffer.from(documentBytes(chunk, index)).toString()
    expect(line.endsWith('\n')).toBe(true)
    return line.slice(0, -1)
  })
}

const edit = (line: string, choice: Choice) => editAll([line], choice)[0]!

describe('dropping', () => {
  test.each<[string, string[], string]>([
    ['{"user":{"name":"a","id":1},"x":2}', ['user.name'], '{"user":{"id":1},"x":2}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['user.id'], '{"user":{"name":"a"},"x":2}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['user'], '{"x":2}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['x'], '{"user":{"name":"a","id":1}}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['user.*'], '{"user":{},"x":2}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['*'], '{}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['*.n*e'], '{"user":{"id":1},"x":2}'],
    ['{"user":{"name":"a","id":1},"x":2}', ['user.nam', 'ser.name', 'user.name.x', 'User.name'], 'same'],
    ['{"a":1,"b":2,"c":3,"d":4}', ['b', 'c'], '{"a":1,"d":4}'],
    ['{"a":1,"b":2,"c":3,"d":4}', ['a', 'b', 'd'], '{"c":3}'],
    ['{"l":[{"n":"a","i":1},{"n":"b"}]}', ['l.n'], '{"l":[{"i":1},{}]}'],
    ['{"user.name":1,"user":{"name.first":2,"name":3,"names":4}}', ['user.name'], '{"user":{"names":4}}'],
    ['{"\\u0075ser":{"n\\u0061me":"a"},"ünï":{"ß":1}}', ['user.name', 'ünï.ß'], '{"\\u0075ser":{},"ünï":{}}'],
    ['{"😀":1,"b":{"😀x":2}}', ['😀', 'b.*x'], '{"b":{}}'],
    ['{"a\\u0000b":1,"c":2}', ['a', 'b'], 'same'],
    ['{ "a" : 1 , "b" : 2 }', ['a'], '{ "b" : 2 }'],
    ['{ "a" : 1 , "b" : 2 }', ['b'], '{ "a" : 1  }'],
  ])('%s without %j', (line, drop, wanted) => {
    expect(edit(line, { drop })).toBe(wanted === 'same' ? line : wanted)
  })

  test('goes before hashing, and takes only what it names out of what is hashed', () => {
    const line = '{"user":{"name":"a","id":1}}'
    expect(edit(line, { hash: ['user'], drop: ['user.id'] })).toBe(`{"user":{"name":"${hmac('a')}"}}`)
    expect(edit(line, { hash: ['user.name'], drop: ['user'] })).toBe('{}')
  })

  test('takes whole records out in any case, of which no path can say what they hold', () => {
    const line =
      '{"event":{"original":"{\\"user\\":1}","id":"x"},"xdrelay":{"kept":{"AccountName":"[1]"},"sanitized":true}}'
    expect(edit(line, { drop: ['user.name'] })).toBe('{"event":{"id":"x"},"xdrelay":{"sanitized":true}}')
  })
})

describe('hashing', () => {
  test('gives the keyed hash of a text, of a number as it is written, and of each of a list', () => {
    const line = '{"a":"Mara","b":639199916335081329,"c":["x",1.50,true,null,[],{}],"d":"Mara"}'
    const list = `["${hmac('x')}","${hmac('1.50')}","${hmac('true')}",null,[],{}]`
    expect(edit(line, { hash: ['a', 'b', 'c'] })).toBe(
      `{"a":"${hmac('Mara')}","b":"${hmac('639199916335081329')}","c":${list},"d":"Mara"}`,
    )
  })

  test('does not depend on how a text is escaped, and does on the key', () => {
    const line = '{"a":"M\\u00e4r\\/a \\"\\n😀","b":"Mär/a \\"\\n\\ud83d\\ude00"}'
    const { a, b } = JSON.parse(edit(line, { hash: ['a', 'b'] }))
    expect([a, b]).toEqual([hmac('Mär/a "\n😀'), hmac('Mär/a "\n😀')])
    const other = new FieldEditor({ hash: ['a'], hashKey: new Secret('another key of the tests') })
    expect(Buffer.from(other.edit(chunkOfLines([line])).lines).toString()).not.toContain(a)
  })

  test('takes in everything below a path', () => {
    const line = '{"u":{"n":"a","l":[{"n":"b"}]},"v":{"n":"a"}}'
    expect(edit(line, { hash: ['u'] })).toBe(`{"u":{"n":"${hmac('a')}","l":[{"n":"${hmac('b')}"}]},"v":{"n":"a"}}`)
  })
})

const name = fc.constantFrom('a', 'b', 'ab', 'a.b', '', '.', 'é', '"', '__proto__', '*')
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', 'é', '"'), minLength: 1, maxLength: 5 })
const choices = fc.record({ drop: fc.array(pattern, { maxLength: 3 }), hash: fc.array(pattern, { maxLength: 3 }) })

/** Whether any pattern chooses the path, or something that holds it, as one would say it with an expression. */
function fits(path: string, patterns: readonly string[]): boolean {
  const ends = [...path].flatMap((character, at) => (character === '.' ? [at] : [])).concat(path.length)
  const texts = patterns.map(each => each.replace(/[.*"]/g, found => (found === '*' ? '.*' : `\\${found}`)))
  return ends.some(at => texts.some(text => new RegExp(`^${text}$`, 's').test(path.slice(0, at))))
}

/** The same on the parsed value. */
function model(value: unknown, path: string | undefined, choice: Required<Choice>): unknown {
  if (Array.isArray(value)) return value.map(each => model(each, path, choice))
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).flatMap(([name, each]) => {
      const below = path === undefined ? name : `${path}.${name}`
      return fits(below, choice.drop) ? [] : [[name, model(each, below, choice)]]
    })
    return Object.fromEntries(members)
  }
  return value !== null && path !== undefined && fits(path, choice.hash) ? hmac(String(value)) : value
}

describe('of any document', () => {
  test('what is left is the same as when the parsed value is edited', () => {
    const gap = fc.constantFrom('', '', ' ', '\t ')
    const { json } = fc.letrec<{ json: string; list: string; object: string }>(tie => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc
          .oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null))
          .map(each => JSON.stringify(each)),
        tie('object'),
        tie('list'),
      ),
      list: fc
        .tuple(gap, fc.array(tie('json'), { maxLength: 4 }))
        .map(([s, all]) => `[${s}${all.join(`${s},${s}`)}${s}]`),
      object: fc
        .tuple(gap, gap, fc.array(fc.tuple(name, tie('json')), { maxLength: 5 }))
        .map(
          ([s, t, all]) => `{${s}${all.map(([k, v]) => `${JSON.stringify(k)}${t}:${s}${v}`).join(`${t},${s}`)}${t}}`,
        ),
    }))
    fc.assert(
      fc.property(fc.array(json, { maxLength: 3 }), choices, (lines, choice) => {
        const expected = lines.map(line => JSON.stringify(model(JSON.parse(line), undefined, choice)))
        expect(editAll(lines, choice).map(line => JSON.stringify(JSON.parse(line)))).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  test('what is not chosen keeps its bytes: digits, escapes, order, keys that come twice', () => {
    interface Pair {
      readonly before: string
      readonly after: string
    }
    const same = (text: string): Pair => ({ before: text, after: text })
    const scalar = fc.constantFrom('639199916335081329', '-0', '1.50e+2', '"\\u0061\\/"', '"ä😀"', '""', 'null', 'true')
    const { pair } = fc.letrec<{ pair: Pair }>(tie => ({
      pair: fc.oneof(
        { maxDepth: 5 },
        scalar.map(same),
        fc.array(tie('pair'), { maxLength: 4 }).map(all => join('[', all, ']')),
        fc
          .array(fc.tuple(fc.constantFrom('"k"', '"x"', '"dropped"', '"hashed"', '"z\\u0061"'), tie('pair')), {
            maxLength: 5,
          })
          .map(members => {
            const kept = members.filter(([name]) => name !== '"dropped"')
            return {
              before: `{${members.map(([name, { before }]) => `${name}:${name === '"hashed"' ? '"secret"' : before}`).join()}}`,
              after: `{${kept.map(([name, { after }]) => `${name}:${name === '"hashed"' ? `"${hmac('secret')}"` : after}`).join()}}`,
            }
          }),
      ),
    }))
    function join(open: string, all: readonly Pair[], close: string): Pair {
      return {
        before: open + all.map(each => each.before).join() + close,
        after: open + all.map(each => each.after).join() + close,
      }
    }
    const choice = { drop: ['dropped', '*.dropped'], hash: ['hashed', '*.hashed'] }
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 3 }), pairs => {
        expect(
          editAll(
            pairs.map(each => each.before),
            choice,
          ),
        ).toEqual(pairs.map(each => each.after))
      }),
      { numRuns: 1000 },
    )
  })

  test('more keys than it remembers, and paths of 200,000 dots, are edited all the same', () => {
    const editor = new FieldEditor({ drop: ['*secret*', '*a*b*c*d', 'user.*'] })
    const dots = '.a'.repeat(200_000)
    for (let round = 0; round < 6; round++) {
      const members = Array.from({ length: 5000 }, (_, index) => `"key-${round}-${index}":{"secret":1,"x":2}`)
      const { lines } = editor.edit(chunkOfLines([`{${members.join()},"${round}${dots}":1}`]))
      expect(Buffer.from(lines).toString()).toBe(
        `{${members.join().replaceAll('"secret":1,', '')},"${round}${dots}":1}\n`,
      )
    }
  })
})
