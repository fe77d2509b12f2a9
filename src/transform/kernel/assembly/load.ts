import { empty, plain } from '../kinds'
import {
  hyphenFlag,
  kindsAt,
  memberBytes,
  membersAt,
  oddAt,
  refsAt,
  stateConstants,
  stateMembersEnd,
  stateOdd,
} from '../layout'
import { kindOf, put } from './cells'
import { minus } from './characters'
import { get, set } from './state'

/** Empties so many slots and fields, for a record whose table has these constants: pairs of where their JSON starts and ends. */
export function clear(slots: i32, fields: i32, constants: usize): void {
  set(stateConstants, constants as i32)
  const zero = i8x16.splat(0)
  const kinds: usize = kindsAt
  const refs: usize = refsAt
  for (let at = kinds; at < kinds + (slots as usize); at += 16) v128.store(at, zero)
  for (let at = refs; at < refs + ((fields as usize) << 2); at += 16) v128.store(at, zero)
}

/**
 * Puts the members of the record into the slots of a table: `byId` has the slot of each key (16 bits), `usual` the kinds
 * that each slot takes as they are. Returns how many of them have no slot.
 */
export function loadMembers(slots: i32, byId: usize, usual: usize): i32 {
  const end = get(stateMembersEnd) as usize
  let without = 0
  let odd = 0
  for (let member: usize = membersAt; member < end; member += memberBytes) {
    const id = load<i32>(member)
    const slot: i32 = id < 0 ? -1 : load<i16>(byId + (id << 1))
    if (slot < 0) {
      without++
      continue
    }
    let what = load<i32>(member, 4)
    const from: usize = load<u32>(member, 8)
    const to: usize = load<u32>(member, 12)
    const kinds = load<u32>(usual + (slot << 2))
    if (((kinds >> what) & 1) === 0) odd++
    else if ((kinds & (hyphenFlag as u32)) !== 0 && what === plain && to - from === 1 && load<u8>(from) === minus)
      what = empty
    // Of a key that comes twice, the last one counts.
    put(slot, what, from, to)
  }
  if (odd === 0) set(stateOdd, 0)
  else findOdd(slots, usual)
  return without
}

/** Lists the slots that do not have a usual kind. */
export function findOdd(slots: i32, usual: usize): void {
  let odd = 0
  for (let slot = 0; slot < slots; slot++) {
    if (((load<u32>(usual + (slot << 2)) >> kindOf(slot)) & 1) !== 0) continue
    store<i32>(oddAt + (odd << 2), slot)
    odd++
  }
  set(stateOdd, odd)
}
