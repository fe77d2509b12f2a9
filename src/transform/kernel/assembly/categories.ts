import { categoryKeysAt } from '../layout'
import { copy } from './bytes'
import { colon } from './characters'
import { keep } from './kept'
import { addTo, countOf, idOf, makeRoom } from './keys'

/** No more are told apart by their bytes; there are about 60. */
const most = 200
const longest = 100

const categories: usize = categoryKeysAt
/** Of each category, what follows what in the properties of its records, and how many bytes that takes. */
let orders: usize = 0
let orderBytes = 0

export function makeCategories(bytes: i32): void {
  makeRoom(categories, most)
  orders = keep(most * bytes)
  orderBytes = bytes
}

/** The number of a category, by a text of ASCII without escapes, in quotes; -1 for one that is not kept. */
export function categoryOf(from: usize, to: usize): i32 {
  const length = (to - from) as i32
  if (length > longest) return -1
  const known = idOf(categories, from, to)
  if (known >= 0 || countOf(categories) === most) return known
  const name = keep(length + 3)
  if (name === 0) return -1
  copy(name, from - 1, length + 2)
  store<u8>(name + length + 2, colon)
  const category = addTo(categories, name, length + 3)
  memory.fill(orderOf(category), 0xff, orderBytes)
  return category
}

export function orderOf(category: i32): usize {
  return orders + category * orderBytes
}
