import type { Random } from '../../src/emulator/generator/random.ts'
import { type Branch, branchesOf, type Item, readTree, type Tree, writeTree } from './tree.ts'

const quoted = (text: string) => JSON.stringify(text)
const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`

/** JSON texts of values that once broke something, here or elsewhere. */
export const hostileValues: readonly string[] = [
  ...['null', 'true', 'false', '""', '{}', '[]', '[[]]', '[null,""]', '{"":{"":""}}'],
  ...['0', '-0', '1', '1.0', '1.5', '-1e-7', '1e400', '-1E+400', '1e-400', '5e-324', '1E22', '0.1e1'],
  ...['9007199254740991', '9007199254740993', '639199916335081329', '-9223372036854775808', '9223372036854775808'],
  ...['18446744073709551615', '0.12345678901234567891', `1${'0'.repeat(400)}`, `0.${'0'.repeat(400)}1`],
  ...['"0"', '"1"', '"-0"', '"007"', '"true"', '"True"', '"9007199254740993"', '"1e3"', '"NaN"', '" 7 "', '"-"'],
  ...['"2026-03-01T10:00:00Z"', '"2026-03-01T10:00:00.1234567Z"', '"2026-03-01T10:00:00"', '"2026-03-01 10:00:00.5"'],
  ...['"2026-02-30T10:00:00Z"', '"1601-01-01T00:00:00Z"', '"9999-12-31T23:59:59.9999999Z"', '"2026-03-01T10:00+02:00"'],
  ...['"10.0.0.1"', '"::1"', '"fe80::1%eth0"', '"::ffff:10.0.0.1"', '"2001:db8:0:0:0:0:0:1"', '"10.0.0.256"'],
  ...['"\\ud800"', '"a\\udc00\\ud800b"', '"\\ud83d\\ude00"', '"\\\\ud800"', '"\\uD83D"', '"\\u0000"', '"\\u007f"'],
  ...['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u2028\\u2029"', '"\u2028"', '"\u007f"', '"\u0130\u00df\u03a3"', '"\u{1f600}"'],
  ...['"\\u001b[31m"', '"\\n{\\"delete\\":{}}\\n"', '"</script>"', '"{{7*7}}"', '"../../etc/passwd"'],
  ...[
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"a":1,"a":2}',
    '{"a.b":{"c d":1}}',
  ],
  ...['{"toString":1,"valueOf":2,"hasOwnProperty":3,"toJSON":4,"length":5,"then":6}', '{"0":1,"1":2}'],
  ...['[1,"a",{"b":2},[3]]', '["a",["b"]]', '[{"a":1},2]', '[639199916335081329,-0]', '{"x":9223372036854775808}'],
  ...[nested(10), nested(61), nested(62), nested(63), nested(64), nested(500)],
  ...[
    '"http://[x/"',
    '"http://a:b@c.d:99999/e?f#g"',
    '"\\\\\\\\server\\\\share\\\\"',
    '"\\"x y\\" z"',
    '"a@b@c"',
    '"@"',
    '" "',
  ],
  ...[
    '{"a":""}',
    '{"a":"\\ud800"}',
    '{"a":1,"a":2}',
    '[1e400]',
    '{"":-0}',
    '[]',
    '{',
    '["x",""]',
    '{"n":639199916335081329}',
  ].map(quoted),
  ...[nested(10), nested(70), nested(5000)].map(quoted),
  ...['x'.repeat(10_000), '"\\'.repeat(3000), 'a.'.repeat(5000), '1'.repeat(5000)].map(quoted),
]

export const hostileKeys: readonly string[] = [
  ...[
    '""',
    '"__proto__"',
    '"constructor"',
    '"prototype"',
    '"toString"',
    '"toJSON"',
    '"valueOf"',
    '"a.b"',
    '" "',
    '"\\u0000"',
  ],
  ...[
    '"\\ud800"',
    '"Device"',
    '"device"',
    '"foo"',
    '"Foo"',
    '"FOO"',
    '"records"',
    '"properties"',
    '"category"',
    '"Category"',
  ],
  ...[
    '"time"',
    '"Time"',
    '"Tenant"',
    '"tenantId"',
    '"kept"',
    '"Timestamp"',
    '"AdditionalFields"',
    '"12345678901234567890"',
  ],
  `"${'k'.repeat(300)}"`,
]

const spaces = ['', '', '', ' ', '\n', '\t', '\r\n', '    ']
const interesting = [
  0x00, 0x0a, 0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x39, 0x3a, 0x45, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xbf,
  0xc0, 0xed, 0xf0, 0xff,
]

/** A message body changed on the level of JSON: valid JSON again, unlike anything the service sends. */
export function mutateStructure(body: string, random: Random): string {
  const tree = readTree(body)
  const changes = random.between(1, 6)
  for (let change = 0; change < changes; change++) random.pick(structural)(random.pick(branchesOf(tree)), random)
  const spaced = random.chance(0.1)
  return writeTree(tree, spaced ? () => random.pick(spaces) : undefined)
}

type StructuralChange = (branch: Branch, random: Random) => void

/** Each changes one object or list. Values are replaced most often. */
const structural: readonly StructuralChange[] = [
  replaceValue,
  replaceValue,
  replaceValue,
  function repeatValue({ items }, random) {
    const [from, to] = [pickItem(items, random), pickItem(items, random)]
    if (from && to) to.value = from.value
  },
  function addMember(branch, random) {
    const key = random.chance(0.3) ? pickItem(branch.items, random)?.key : undefined
    const item = { value: random.pick(hostileValues) }
    const at = random.below(branch.items.length + 1)
    branch.items.splice(at, 0, branch.kind === 'object' ? { key: key ?? random.pick(hostileKeys), ...item } : item)
  },
  function renameMember(branch, random) {
    const at = random.below(branch.items.length)
    const item = branch.items[at]
    if (item?.key !== undefined) branch.items[at] = { key: random.pick(hostileKeys), value: item.value }
  },
  function removeItem({ items }, random) {
    if (items.length > 0) items.splice(random.below(items.length), 1)
  },
  function moveItems({ items }, random) {
    random.shuffle(items)
  },
  /** As the service does with dynamic columns. */
  function writeAsText({ items }, random) {
    const item = pickItem(items, random)
    if (item) item.value = JSON.stringify(writeTree(item.value))
  },
  function lengthenValue({ items }, random) {
    const item = pickItem(items, random)
    // Thousands of records that are none teach little and cost much.
    if (item === undefined || item.key === '"records"') return
    const length = random.pick([13, 300, 8192, 40_000])
    item.value = random.pick([
      quoted('\u00e4'.repeat(length)),
      '7'.repeat(length),
      quoted('"\\'.repeat(length)),
      wide(length),
    ])
  },
]

function replaceValue({ items }: Branch, random: Random): void {
  const item = pickItem(items, random)
  if (item) item.value = random.pick(hostileValues)
}

function wide(length: number): Tree {
  return { kind: 'list', items: Array.from({ length }, () => ({ value: '1' })) }
}

function pickItem(items: readonly Item[], random: Random): Item | undefined {
  return items.length === 0 ? undefined : random.pick(items)
}

/** A message body with some bytes changed, moved, doubled or missing: rarely JSON, sometimes not UTF-8. */
export function mutateBytes(body: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(body)
  const changes = random.between(1, 4)
  for (let change = 0; change < changes; change++) {
    const at = random.below(bytes.length + 1)
    const end = Math.min(bytes.length, at + random.pick([1, 1, 2, 8, 100]))
    const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)]
    bytes = Buffer.concat(random.pick(bytewise)(before, part, after, random))
  }
  return bytes
}

type BytewiseChange = (before: Buffer, part: Buffer, after: Buffer, random: Random) => Buffer[]

const bytewise: readonly BytewiseChange[] = [
  (before, part, after, random) => [before, part.map(byte => byte ^ (1 << random.below(8))) as Buffer, after],
  (before, part, after, random) => [before, part.map(() => random.pick(interesting)) as Buffer, after],
  (before, part, after, random) => [before, Buffer.from([random.pick(interesting)]), part, after],
  (before, part, after, random) => [before, Buffer.from(random.pick(hostileValues)), part, after],
  (before, _part, after) => [before, after],
  (before, part, after) => [before, part, part, after],
  (before, part, after) => [after, before, part],
  before => [before],
]
