import { copy, hashOf, isSame } from './bytes'
import { keep } from './kept'

/** No more are told apart by their bytes; there are about 60. */
const most = 200
const longest = 100
const slots = 512
/** Where the text is, its length, and what follows what in the properties of such records. */
const entryBytes = 12

let table: usize = 0
let count = 0

/** The address of a category's entry: of a text of ASCII without escapes. 0 for one that is not kept. */
export function categoryOf(from: usize, to: usize, orderBytes: i32): usize {
  const length = (to - from) as i32
  if (length > longest) return 0
  if (table === 0) table = keep(slots * entryBytes)
  let slot = hashOf(from, to) & (slots - 1)
  let entry = table + slot * entryBytes
  while (load<u32>(entry) !== 0) {
    if (load<i32>(entry, 4) === length && isSame(load<u32>(entry), from, length)) return entry
    slot = (slot + 1) & (slots - 1)
    entry = table + slot * entryBytes
  }
  return add(entry, from, length, orderBytes)
}

function add(entry: usize, from: usize, length: i32, orderBytes: i32): usize {
  if (count === most) return 0
  const text = keep(length)
  const order = keep(orderBytes)
  if (order === 0) return 0
  count++
  copy(text, from, length)
  memory.fill(order, 0xff, orderBytes)
  store<u32>(entry, text as u32)
  store<i32>(entry, length, 4)
  store<u32>(entry, order as u32, 8)
  return entry
}
