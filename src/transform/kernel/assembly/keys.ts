import { hashOf, isSame } from './bytes'
import { keep } from './kept'

/**
 * Names that may be keys of an object, by number. A dictionary is four words in memory: how many names there are, where
 * their entries are, where the table is that finds them by their bytes, and the mask for that. An entry has the address of
 * `"name":` and its length; the table has numbers plus one, and 0 for none.
 */

export function makeRoom(keys: usize, most: i32): void {
  let slots = 16
  while (slots < most * 2) slots <<= 1
  store<i32>(keys, 0)
  store<u32>(keys, keep(most * 8) as u32, 4)
  store<u32>(keys, keep(slots * 4) as u32, 8)
  store<u32>(keys, slots - 1, 12)
}

/** A dictionary of its own; 0 when there is no memory left. */
export function makeNames(most: i32): usize {
  const keys = keep(16)
  if (keys !== 0) makeRoom(keys, most)
  return keys
}

export function countOf(keys: usize): i32 {
  return load<i32>(keys)
}

/** `at` has `"name":`. Returns the number of the name. */
export function addTo(keys: usize, at: usize, length: i32): i32 {
  const id = countOf(keys)
  store<i32>(keys, id + 1)
  const entry = entryOf(keys, id)
  store<u32>(entry, at as u32)
  store<i32>(entry, length, 4)
  let slot = hashOf(at + 1, at + length - 2)
  while (idAt(keys, slot) >= 0) slot++
  store<u32>(placeOf(keys, slot), id + 1)
  return id
}

export function lengthOf(keys: usize, id: i32): i32 {
  return load<i32>(entryOf(keys, id), 4)
}

/** Whether `"name":` stands there. */
export function isAt(keys: usize, id: i32, at: usize): bool {
  const entry = entryOf(keys, id)
  return isSame(load<u32>(entry), at, load<i32>(entry, 4))
}

/** The number of the name whose bytes are these; -1 for none. */
export function idOf(keys: usize, from: usize, to: usize): i32 {
  const length = (to - from) as i32
  let slot = hashOf(from, to)
  let id = idAt(keys, slot)
  while (id >= 0 && !isNamed(keys, id, from, length)) {
    slot++
    id = idAt(keys, slot)
  }
  return id
}

function isNamed(keys: usize, id: i32, from: usize, length: i32): bool {
  const entry = entryOf(keys, id)
  return load<i32>(entry, 4) === length + 3 && isSame(load<u32>(entry) + 1, from, length)
}

function entryOf(keys: usize, id: i32): usize {
  return load<u32>(keys, 4) + (id << 3)
}

/** Any number is a slot of the table, which begins again behind its end. -1 for a free one. */
function idAt(keys: usize, slot: u32): i32 {
  return load<i32>(placeOf(keys, slot)) - 1
}

function placeOf(keys: usize, slot: u32): usize {
  return load<u32>(keys, 8) + ((slot & load<u32>(keys, 12)) << 2)
}
