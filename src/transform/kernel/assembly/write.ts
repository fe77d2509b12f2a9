import { empty, falsity, integer, made, part, path, plain, text, truth, written } from '../kinds'
import {
  countsAt,
  dateRefs,
  fromAt,
  isAddressFlag,
  isCallersFlag,
  isDateFlag,
  kindsAt,
  mostElements,
  openedAt,
  refsAt,
  setRefs,
  setsAt,
  stateConstants,
  stateHasOthers,
  stateHasRemarks,
  stateIndex,
  stateNeed,
  stateOut,
  stateOutEnd,
  statePosition,
  statePositionEnd,
  stateSlot,
  stateStep,
  stateSteps,
  stepClose,
  stepField,
  stepOpen,
  stepOthers,
  stepPosition,
  stepVendor,
  stepWords,
  stopCompare,
  stopEnd,
  stopRoom,
  toAt,
} from '../layout'
import { copy } from './bytes'
import { isElsewhere, isNowhere, isUnclear } from './compare'
import { isUsualIp, isUsualUtc } from './forms'
import { get, set } from './state'

const openBrace: u32 = 0x7b
const closeBrace: u32 = 0x7d
const quote: u32 = 0x22
const comma: u32 = 0x2c

const texts = (1 << plain) | (1 << path) | (1 << text)
const bare = (1 << integer) | (1 << truth) | (1 << falsity) | (1 << made) | (1 << written)

/** More than any value needs beside its bytes: quotes, and what is copied in whole sixteens. */
const spare = 64

let out: usize = 0
let outEnd: usize = 0
let depth = 0

/** Begins a document whose plan has these steps, where there is room for the beginning; goes on as `resume` does. */
export function write(steps: usize, stepsEnd: usize, hasOthers: bool): i32 {
  set(stateSteps, stepsEnd as i32)
  set(stateHasOthers, hasOthers ? 1 : 0)
  depth = 0
  out = get(stateOut) as usize
  store<u8>(out, openBrace)
  set(stateOut, (out + 1) as i32)
  return resume(steps, false)
}

/**
 * Writes from this step on until the caller has to do something: `stateStep` has the step, and `stateOut` is behind what
 * was written, for a field and for remarks with their key. `isChecked`: the value of the vendor field is
 * in no other field.
 */
export function resume(step: usize, isChecked: bool): i32 {
  const end = get(stateSteps) as usize
  out = get(stateOut) as usize
  outEnd = get(stateOutEnd) as usize
  for (; step < end; step += stepWords * 4) {
    const before = out
    const key: usize = load<u32>(step, 4)
    const keyLength: usize = load<u32>(step, 8)
    const what = load<i32>(step)
    if (out + keyLength + spare > outEnd) return stop(stopRoom, step, before, (keyLength as i32) + spare)
    if (what === stepField) {
      const ref = load<i32>(refsAt + (load<i32>(step, 12) << 2))
      if (ref === 0) continue
      copy(out, key, keyLength)
      out += keyLength
      const found = writeRef(ref)
      if (found < 0) return stop(stepField, step, before, 0)
      if (found > 0) return stop(stopRoom, step, before, (keyLength as i32) + found)
      store<u8>(out, comma)
      out++
    } else if (what === stepVendor) {
      let slot = load<i32>(step, 16)
      let has: i32 = load<u8>(kindsAt + slot)
      if (has <= empty) {
        const other = load<i32>(step, 20)
        if (other === slot) continue
        slot = other
        has = load<u8>(kindsAt + slot)
        if (has <= empty) continue
      }
      const copied = load<i32>(step, 24)
      if ((copied & isCallersFlag) !== 0) return stopAt(slot, stepVendor, step, before)
      const count = load<i32>(step, 36)
      if (count > 0 && !isChecked) {
        const found = isElsewhere(load<u32>(step, 32), count, slot)
        if (found === isUnclear) return stopAt(slot, stopCompare, step, before)
        if (found !== isNowhere) continue
      }
      isChecked = false
      const isCopied = ((copied >> has) & 1) !== 0 || isOfForm(copied, has, slot)
      if (!isCopied && ((load<i32>(step, 28) >> has) & 1) === 0) return stopAt(slot, stepVendor, step, before)
      const quotes: usize = (texts >> has) & 1
      const from = (load<u32>(fromAt + (slot << 2)) as usize) - quotes
      const length = (load<u32>(toAt + (slot << 2)) as usize) + quotes - from
      if (out + keyLength + length + spare > outEnd)
        return stop(stopRoom, step, before, ((keyLength + length) as i32) + spare)
      copy(out, key, keyLength)
      out += keyLength
      if (isCopied) {
        copy(out, from, length)
        out += length
      } else {
        store<u8>(out, quote)
        copy(out + 1, from, length)
        out += length + 2
        store<u8>(out - 1, quote)
      }
      store<u8>(out, comma)
      out++
    } else if (what === stepOpen) {
      store<u32>(openedAt + (depth << 2), out as u32)
      depth++
      copy(out, key, keyLength)
      out += keyLength
    } else if (what === stepClose) {
      depth--
      close(load<u32>(openedAt + (depth << 2)))
    } else if (what === stepPosition) {
      const from = get(statePosition) as usize
      if (from === 0) continue
      const length = (get(statePositionEnd) as usize) - from
      if (out + keyLength + length + spare > outEnd)
        return stop(stopRoom, step, before, ((keyLength + length) as i32) + spare)
      copy(out, key, keyLength)
      copy(out + keyLength, from, length)
      out += keyLength + length
      writeNumber(get(stateIndex) as u32)
      store<u8>(out, closeBrace)
      store<u8>(out, comma, 1)
      out += 2
    } else if (what === stepOthers) {
      if (get(stateHasOthers) !== 0) return stop(stepOthers, step, before, 0)
    } else if (get(stateHasRemarks) !== 0) {
      copy(out, key, keyLength)
      out += keyLength
      return stop(what, step, before, 0)
    }
  }
  // Every document has a field at least: its version of ECS.
  store<u8>(out - 1, closeBrace)
  set(stateOut, out as i32)
  return stopEnd
}

/** Where the object that is open begins, with its key. */
export function opened(): usize {
  return load<u32>(openedAt + ((depth - 1) << 2))
}

function stop(what: i32, step: usize, before: usize, need: i32): i32 {
  set(stateStep, step as i32)
  set(stateNeed, need)
  // What could not be done is begun again.
  set(stateOut, (what === stopRoom ? before : out) as i32)
  return what
}

function stopAt(slot: i32, what: i32, step: usize, before: usize): i32 {
  set(stateSlot, slot)
  return stop(what, step, before, 0)
}

function writeNumber(number: u32): void {
  let end = out + 1
  for (let rest = number; rest >= 10; rest /= 10) end++
  for (let at = end - 1; at >= out; at--) {
    store<u8>(at, 0x30 + (number % 10))
    number /= 10
  }
  out = end
}

/** Ends the object that began at `start` with its key, or takes it back when it is empty. */
function close(start: usize): void {
  if (load<u8>(out - 1) === openBrace) {
    out = start
  } else {
    store<u8>(out - 1, closeBrace)
    store<u8>(out, comma)
    out++
  }
}

/** 0 when it is written, -1 for what has no bytes, and otherwise how many bytes more are needed. */
function writeRef(ref: i32): i32 {
  if (ref < setRefs) return writeOne(ref)
  const field = ref - setRefs - 1
  const count = load<i32>(countsAt + (field << 2))
  let element: usize = setsAt + ((field * mostElements) << 2)
  const begin = out
  store<u8>(out, 0x5b)
  out++
  for (let n = 0; n < count; n++, element += 4) {
    const found = writeOne(load<i32>(element))
    if (found !== 0) {
      const need = found < 0 ? found : found + ((out - begin) as i32)
      out = begin
      return need
    }
    store<u8>(out, comma)
    out++
  }
  store<u8>(out - 1, 0x5d)
  return 0
}

function writeOne(ref: i32): i32 {
  let from: usize
  let length: usize
  if (ref < 0) {
    const constant: usize = (get(stateConstants) as usize) + ((-1 - ref) << 3)
    from = load<u32>(constant)
    length = (load<u32>(constant, 4) as usize) - from
  } else if (ref > dateRefs) {
    // Cut to milliseconds.
    if (out + spare > outEnd) return spare
    from = (load<u32>(fromAt + ((ref - dateRefs - 1) << 2)) as usize) - 1
    v128.store(out, v128.load(from))
    store<u64>(out, load<u64>(from, 16), 16)
    store<u16>(out, 0x225a, 24)
    out += 26
    return 0
  } else {
    const slot = ref - 1
    const what: i32 = load<u8>(kindsAt + slot)
    const quotes: usize = (texts >> what) & 1
    from = (load<u32>(fromAt + (slot << 2)) as usize) - quotes
    length = (load<u32>(toAt + (slot << 2)) as usize) + quotes - from
    if (what === part) {
      if (out + length + spare > outEnd) return (length as i32) + spare
      store<u8>(out, quote)
      copy(out + 1, from, length)
      out += length + 2
      store<u8>(out - 1, quote)
      return 0
    }
    if (quotes === 0 && ((bare >> what) & 1) === 0) return -1
  }
  if (out + length + spare > outEnd) return (length as i32) + spare
  copy(out, from, length)
  out += length
  return 0
}

/** Whether the index takes the text as it came. */
function isOfForm(flags: i32, what: i32, slot: i32): bool {
  if (what !== plain || (flags & (isDateFlag | isAddressFlag)) === 0) return false
  const from = load<u32>(fromAt + (slot << 2)) as usize
  const to = load<u32>(toAt + (slot << 2)) as usize
  return (flags & isDateFlag) !== 0 ? load<u8>(to - 1) === 0x5a && isUsualUtc(from, to) : isUsualIp(from, to)
}
