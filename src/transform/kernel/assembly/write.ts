import { empty, falsity, integer, made, part, plain, truth, written } from '../kinds'
import {
  dateRefs,
  isAddressFlag,
  isCallersFlag,
  isDateFlag,
  isNoWordsFlag,
  isObjectsFlag,
  isWordsFlag,
  openedAt,
  setRefs,
  stateHasOthers,
  stateHasRemarks,
  stateIndex,
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
} from '../layout'
import { constantOf, countOf, elementOf, fromOf, isText, kindOf, refOf, setOf, toOf } from './cells'
import { closeBrace, closeBracket, comma, letterZ, openBrace, openBracket } from './characters'
import { endOfJson, isEmptyJson } from './column-json'
import { isElsewhere, isNowhere, isUnclear } from './compare'
import { isUsualIp, isUsualUtc } from './forms'
import { areWords, textAt } from './json'
import {
  backTo,
  beginStep,
  hasRoom,
  lastByte,
  leave,
  out,
  replaceLast,
  take,
  writeByte,
  writeBytes,
  writeDate,
  writeNumber,
  writeQuoted,
} from './out'
import { get, set } from './state'

const bare = (1 << integer) | (1 << truth) | (1 << falsity) | (1 << made) | (1 << written)

let depth = 0

/** Begins a document whose plan has these steps, where there is room for the beginning; goes on as `resume` does. */
export function write(steps: usize, stepsEnd: usize, hasOthers: bool): i32 {
  set(stateSteps, stepsEnd as i32)
  set(stateHasOthers, hasOthers ? 1 : 0)
  depth = 0
  take()
  writeByte(openBrace)
  leave()
  return resume(steps, false)
}

/**
 * Writes from this step on until the caller has to do something: `stateStep` has the step, and `stateOut` is behind what
 * was written, for a field and for remarks with their key. `isChecked`: the value of the vendor field is in no other field.
 */
export function resume(step: usize, isChecked: bool): i32 {
  const end = get(stateSteps) as usize
  take()
  for (; step < end; step += stepWords * 4) {
    const reason = writeStep(step, isChecked)
    isChecked = false
    if (reason === stopEnd) continue
    set(stateStep, step as i32)
    leave()
    return reason
  }
  // Every document has a field at least: its version of ECS.
  replaceLast(closeBrace)
  leave()
  return stopEnd
}

/** Where the object that is open begins, with its key. */
export function opened(): usize {
  return load<u32>(openedAt + ((depth - 1) << 2))
}

/** Returns why it has to be left to the caller, and `stopEnd` for nothing. */
function writeStep(step: usize, isChecked: bool): i32 {
  beginStep()
  const what = load<i32>(step)
  if (what === stepVendor) return writeVendor(step, isChecked)
  if (what === stepField) return writeField(step)
  if (what === stepOpen) return open(step)
  if (what === stepClose) return close()
  if (what === stepPosition) return writePosition(step)
  if (what === stepOthers) return get(stateHasOthers) !== 0 ? stepOthers : stopEnd
  if (get(stateHasRemarks) === 0) return stopEnd
  return writeKey(step, 0) ? what : stopRoom
}

function writeField(step: usize): i32 {
  const ref = refOf(load<i32>(step, 12))
  if (ref === 0) return stopEnd
  if (!writeKey(step, 0)) return stopRoom
  const reason = writeRef(ref)
  if (reason === stopEnd) writeByte(comma)
  return reason
}

function writeVendor(step: usize, isChecked: bool): i32 {
  let slot = load<i32>(step, 16)
  let what = kindOf(slot)
  if (what <= empty) {
    slot = load<i32>(step, 20)
    what = kindOf(slot)
  }
  if (what <= empty) return stopEnd
  set(stateSlot, slot)
  const copied = load<i32>(step, 24)
  const isJson = (copied & (isObjectsFlag | isWordsFlag | isNoWordsFlag)) !== 0
  if (isJson && isEmptyJson(slot)) return stopEnd
  if ((copied & isCallersFlag) !== 0) return stepVendor
  const count = load<i32>(step, 36)
  if (count > 0 && !isChecked) {
    const found = isElsewhere(load<u32>(step, 32), count, slot)
    if (found !== isNowhere) return found === isUnclear ? stopCompare : stopEnd
  }
  const isCopied = ((copied >> what) & 1) !== 0 || isOfForm(copied, what, slot)
  if (!isCopied && ((load<i32>(step, 28) >> what) & 1) === 0) {
    return isJson ? writeColumnJson(step, slot, copied) : stepVendor
  }
  const quotes: usize = isText(what) ? 1 : 0
  const from = fromOf(slot) - quotes
  const length = toOf(slot) + quotes - from
  if (!writeKey(step, length)) return stopRoom
  if (isCopied) writeBytes(from, length)
  else writeQuoted(from, length)
  writeByte(comma)
  return stopEnd
}

/** JSON that came as text, where it is certain what would be written anew. */
function writeColumnJson(step: usize, slot: i32, flags: i32): i32 {
  const end = endOfJson(slot)
  if (end === 0) return stepVendor
  if (areWords && (flags & isNoWordsFlag) !== 0) return stopEnd
  if ((flags & (areWords ? isWordsFlag : isObjectsFlag)) === 0) return stepVendor
  if (!writeKey(step, end - textAt)) return stopRoom
  writeBytes(textAt, end - textAt)
  writeByte(comma)
  return stopEnd
}

function writePosition(step: usize): i32 {
  const from = get(statePosition) as usize
  if (from === 0) return stopEnd
  const length = (get(statePositionEnd) as usize) - from
  if (!writeKey(step, length)) return stopRoom
  writeBytes(from, length)
  writeNumber(get(stateIndex) as u32)
  writeByte(closeBrace)
  writeByte(comma)
  return stopEnd
}

function open(step: usize): i32 {
  const begin = out
  if (!writeKey(step, 0)) return stopRoom
  store<u32>(openedAt + (depth << 2), begin as u32)
  depth++
  return stopEnd
}

/** Ends the object that is open, or takes it back when it is empty. */
function close(): i32 {
  const begin = opened()
  depth--
  if (lastByte() === openBrace) {
    backTo(begin)
    return stopEnd
  }
  if (!hasRoom(0)) return stopRoom
  replaceLast(closeBrace)
  writeByte(comma)
  return stopEnd
}

/** Writes the key of a step; false when there is no room for it and so many bytes. */
function writeKey(step: usize, bytes: usize): bool {
  const length: usize = load<u32>(step, 8)
  if (!hasRoom(length + bytes)) return false
  writeBytes(load<u32>(step, 4), length)
  return true
}

/** Writes what the reference stands for. Returns why it has to be left to the caller, of a set all of it. */
function writeRef(ref: i32): i32 {
  if (ref < setRefs) return writeOne(ref)
  const field = setOf(ref)
  const count = countOf(field)
  const begin = out
  writeByte(openBracket)
  for (let n = 0; n < count; n++) {
    const reason = writeOne(elementOf(field, n))
    if (reason === stepField) backTo(begin)
    if (reason !== stopEnd) return reason
    writeByte(comma)
  }
  replaceLast(closeBracket)
  return stopEnd
}

function writeOne(ref: i32): i32 {
  if (ref > dateRefs) {
    if (!hasRoom(0)) return stopRoom
    writeDate(fromOf(ref - dateRefs - 1))
    return stopEnd
  }
  if (ref < 0) {
    const constant = constantOf(ref)
    return writeJson(load<u32>(constant), load<u32>(constant, 4))
  }
  const slot = ref - 1
  const what = kindOf(slot)
  const from = fromOf(slot)
  const to = toOf(slot)
  if (isText(what)) return writeJson(from - 1, to + 1)
  if (((bare >> what) & 1) !== 0) return writeJson(from, to)
  if (what !== part) return stepField
  if (!hasRoom(to - from)) return stopRoom
  writeQuoted(from, to - from)
  return stopEnd
}

function writeJson(from: usize, to: usize): i32 {
  if (!hasRoom(to - from)) return stopRoom
  writeBytes(from, to - from)
  return stopEnd
}

/** Whether the index takes the text as it came. */
function isOfForm(flags: i32, what: i32, slot: i32): bool {
  if (what !== plain || (flags & (isDateFlag | isAddressFlag)) === 0) return false
  const from = fromOf(slot)
  const to = toOf(slot)
  return (flags & isDateFlag) !== 0 ? load<u8>(to - 1) === letterZ && isUsualUtc(from, to) : isUsualIp(from, to)
}
