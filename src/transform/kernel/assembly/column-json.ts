import { plain } from '../kinds'
import { stateMostDepth, stateMostKeys } from '../layout'
import { fromOf, isText, kindOf, toOf } from './cells'
import { isAsWritten, takeMembers, textAt } from './json'
import { get } from './state'
import { withoutEscapes } from './texts'

/**
 * Where the object or the list of objects or of texts ends that is the text of the slot, and that stands at `textAt` as it
 * would be written anew; 0 for anything else.
 */
export function endOfJson(slot: i32): usize {
  const end = plainText(slot, textAt)
  return end !== 0 && isAsWritten(textAt, end, get(stateMostDepth), get(stateMostKeys)) ? end : 0
}

/**
 * Gives members of the object that is the text of the slot the slots that stand by their names' numbers: scalars, as texts.
 * The text stays at `to`. Returns where it ends; 0 where it has to be parsed, and then some may have their slots or not.
 */
export function loadInner(slot: i32, names: usize, slots: usize, to: usize): usize {
  const end = plainText(slot, to)
  return end !== 0 && takeMembers(to, end, get(stateMostDepth), get(stateMostKeys), names, slots) ? end + 1 : 0
}

/** Whether the text of the slot is `[]` or `{}`. */
export function isEmptyJson(slot: i32): bool {
  const from = fromOf(slot)
  if (kindOf(slot) !== plain || toOf(slot) - from !== 2) return false
  const text: u32 = load<u16>(from)
  return text === 0x5d5b || text === 0x7d7b
}

/** The text without its escapes, and a zero behind it that ends every search. */
function plainText(slot: i32, to: usize): usize {
  if (!isText(kindOf(slot))) return 0
  const end = withoutEscapes(fromOf(slot), toOf(slot), to)
  if (end !== 0) store<u8>(end, 0)
  return end
}
