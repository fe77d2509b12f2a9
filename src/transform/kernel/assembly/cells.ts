import { texts } from '../kinds'
import { countsAt, fromAt, kindsAt, mostElements, refsAt, setRefs, setsAt, stateConstants, toAt } from '../layout'
import { get } from './state'

/** The record at hand: what slots hold and fields refer to, as the class `Cells` has it. */

export function kindOf(slot: i32): i32 {
  return load<u8>(kindsAt + slot)
}

export function fromOf(slot: i32): usize {
  return load<u32>(fromAt + (slot << 2))
}

export function toOf(slot: i32): usize {
  return load<u32>(toAt + (slot << 2))
}

/** What stands in the slot from now on. */
export function put(slot: i32, what: i32, from: usize, to: usize): void {
  store<u8>(kindsAt + slot, what as u8)
  store<u32>(fromAt + (slot << 2), from as u32)
  store<u32>(toAt + (slot << 2), to as u32)
}

/** Whether its bytes are a text, with quotes around it, as JSON.stringify would write it. */
export function isText(kind: i32): bool {
  return ((texts >> kind) & 1) !== 0
}

export function refOf(field: i32): i32 {
  return load<i32>(refsAt + (field << 2))
}

/** The field whose set the reference stands for. */
export function setOf(ref: i32): i32 {
  return ref - setRefs - 1
}

export function countOf(field: i32): i32 {
  return load<i32>(countsAt + (field << 2))
}

export function elementOf(field: i32, n: i32): i32 {
  return load<i32>(setsAt + ((field * mostElements + n) << 2))
}

/** Makes the field's set one element longer. */
export function addElement(field: i32, ref: i32): void {
  const count = refOf(field) === 0 ? 0 : countOf(field)
  store<i32>(refsAt + (field << 2), setRefs + field + 1)
  store<i32>(setsAt + ((field * mostElements + count) << 2), ref)
  store<i32>(countsAt + (field << 2), count + 1)
}

/** Where a pair of words has the start and end of the JSON of a constant. */
export function constantOf(ref: i32): usize {
  return (get(stateConstants) as usize) + ((-1 - ref) << 3)
}
