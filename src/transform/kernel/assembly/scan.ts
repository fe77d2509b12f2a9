import { empty, escaped, nested, plain } from '../kinds'
import {
  columnKeysAt,
  envelopeKeysAt,
  firstColumn,
  foundEnd,
  foundNested,
  foundRecord,
  foundUnusual,
  memberBytes,
  membersAt,
  mostMembers,
  stateAtByte,
  stateCategory,
  stateCategoryFrom,
  stateCategoryTo,
  stateFrom,
  stateMembersEnd,
  stateTo,
  unknownColumn,
  unknownKey,
} from '../layout'
import { categoryOf, makeCategories, orderOf } from './categories'
import { isText } from './cells'
import { closeBrace, closeBracket, colon, comma, openBrace, openBracket, quote, space } from './characters'
import { keep } from './kept'
import { addTo, idOf, isAt, lengthOf, makeRoom } from './keys'
import { set } from './state'
import { from, kind, readScalar, readText, to } from './values'

/** Instead of the place of a key, which is higher. */
const isUnusual: usize = 0
const isWhole: usize = 1
const isNested: usize = 2

const envelope: usize = envelopeKeysAt
const columns: usize = columnKeysAt
/** Ids of keys that are looked at here. */
let categoryId = -1
let propertiesId = -1

/** Of an id + 1, what followed it last; the first is for the start of an object. By categories, see there. */
let envelopeOrder: usize = 0
let restOrder: usize = 0
let columnOrder: usize = 0

// The message at hand, and the record.
let at: usize = 0
let end: usize = 0
let isFirst = true
let members: usize = 0
let isInProperties = false
let hasProperties = false
let hasName = false
/** The number of the key before, and 1; 0 at the start of an object. The other is for when the properties are over. */
let previous = 0
let previousKey = 0
/** Of the nested value that is read by somebody else. */
let pendingId = 0

export function makeKeys(envelopeKeys: i32, columnKeys: i32): void {
  makeRoom(envelope, envelopeKeys)
  makeRoom(columns, columnKeys)
  envelopeOrder = newOrder(envelopeKeys)
  restOrder = newOrder(columnKeys)
  makeCategories(orderBytes(columnKeys))
}

function newOrder(keys: i32): usize {
  const order = keep(orderBytes(keys))
  memory.fill(order, 0xff, orderBytes(keys))
  return order
}

function orderBytes(keys: i32): i32 {
  return (keys + 1) * 2
}

/** `at` has `"name":`. Returns the number of the key. */
export function addKey(isColumn: bool, name: usize, length: i32): i32 {
  return addTo(isColumn ? columns : envelope, name, length)
}

/** The keys of the envelope that the search itself looks at. */
export function nameKeys(category: i32, properties: i32): void {
  categoryId = category
  propertiesId = properties
}

/** A message whose first record may begin at `start`; behind it are at least 32 zeros. */
export function open(start: usize, limit: usize): void {
  at = start
  end = limit
  isFirst = true
}

/** Reads one record, whose members are listed then. */
export function next(): i32 {
  let place = skipSpace(at)
  if (load<u8>(place) === closeBracket) {
    place = skipSpace(place + 1)
    return load<u8>(place) === closeBrace && skipSpace(place + 1) === end ? foundEnd : foundUnusual
  }
  if (!isFirst) {
    if (load<u8>(place) !== comma) return foundUnusual
    place = skipSpace(place + 1)
  }
  isFirst = false
  if (load<u8>(place) !== openBrace) return foundUnusual
  set(stateFrom, place as i32)
  members = membersAt
  isInProperties = false
  hasProperties = false
  hasName = false
  previous = 0
  columnOrder = restOrder
  // A record without members is none.
  return readMembers(skipSpace(place + 1))
}

/** Goes on behind a nested value, which ends before `place`. */
export function resume(place: usize): i32 {
  return add(pendingId, nested, at, place) ? readMembers(behindMember(place)) : foundUnusual
}

/** From the key at `place` on, or from what `behindMember` says instead of one. */
function readMembers(place: usize): i32 {
  while (place > isNested) place = readMember(place)
  return place === isWhole ? foundRecord : place === isNested ? foundNested : foundUnusual
}

/** Returns the place of the next key, or one of the numbers above. */
function readMember(place: usize): usize {
  place = isInProperties ? readKey(place, columns, columnOrder) : readKey(place, envelope, envelopeOrder)
  if (place === isUnusual) return isUnusual
  const first: u32 = load<u8>(place)
  let id = previous - 1
  if (isInProperties) id = id < 0 ? unknownColumn : id + firstColumn
  else if (id < 0) id = unknownKey
  else if (id === propertiesId) return first === openBrace && !hasProperties ? enterProperties(place) : isUnusual
  if (first === openBrace || first === openBracket) {
    if (id === categoryId) return isUnusual
    pendingId = id
    at = place
    set(stateAtByte, place as i32)
    return isNested
  }
  const behind = readScalar(place)
  if (behind === 0 || !add(id, kind, from, to)) return isUnusual
  return id === categoryId && !takeCategory() ? isUnusual : behindMember(behind)
}

/** Returns the place of the value; `previous` is the number of the key and 1 then. */
function readKey(place: usize, keys: usize, order: usize): usize {
  const usual = order + (previous << 1)
  let id: i32 = load<i16>(usual)
  if (id >= 0 && isAt(keys, id, place)) {
    place += lengthOf(keys, id)
  } else {
    const end = endOfName(place)
    if (end === 0) return isUnusual
    id = idOf(keys, place + 1, end)
    store<i16>(usual, id as i16)
    place = skipSpace(end + 1)
    if (load<u8>(place) !== colon) return isUnusual
    place++
  }
  previous = id + 1
  return skipSpace(place)
}

function enterProperties(place: usize): usize {
  hasProperties = true
  previousKey = previous
  const first = skipSpace(place + 1)
  if (load<u8>(first) === closeBrace) return behindMember(first + 1)
  isInProperties = true
  previous = 0
  return first
}

/** The place of the next key after a value that ends before `place`, or one of the numbers above. */
function behindMember(place: usize): usize {
  place = skipSpace(place)
  if (isInProperties && load<u8>(place) === closeBrace) {
    isInProperties = false
    previous = previousKey
    place = skipSpace(place + 1)
  }
  const byte: u32 = load<u8>(place)
  if (byte === comma) return skipSpace(place + 1)
  if (byte !== closeBrace) return isUnusual
  at = place + 1
  set(stateTo, at as i32)
  set(stateMembersEnd, members as i32)
  return hasProperties && hasName ? isWhole : isUnusual
}

function add(id: i32, what: i32, from: usize, to: usize): bool {
  if (members === membersAt + mostMembers * memberBytes) return false
  store<i32>(members, id)
  store<i32>(members, what, 4)
  store<u32>(members, from as u32, 8)
  store<u32>(members, to as u32, 12)
  members += memberBytes
  return true
}

/** Takes the value that was read last for the category; false for what is no text. Of several, the last one counts. */
function takeCategory(): bool {
  hasName = isText(kind) || kind === escaped || (kind === empty && from === to)
  if (!hasName) return false
  const category = kind === plain ? categoryOf(from, to) : -1
  columnOrder = category < 0 ? restOrder : orderOf(category)
  set(stateCategory, category)
  set(stateCategoryFrom, from as i32)
  set(stateCategoryTo, to as i32)
  return true
}

/** Where the name ends that begins with a quote. One with escapes may be any name; those beyond ASCII are left as well. */
function endOfName(place: usize): usize {
  if (load<u8>(place) !== quote) return 0
  const behind = readText(place)
  return behind === 0 || (kind !== plain && kind !== empty) ? 0 : behind - 1
}

function skipSpace(place: usize): usize {
  while (isSpace(load<u8>(place))) place++
  return place
}

function isSpace(byte: u32): bool {
  return byte <= space && (byte === space || byte === 0x0a || byte === 0x0d || byte === 0x09)
}
