import type { RecordProblem } from '../documents.ts'
import { toMillis } from '../mapping/dates.ts'
import { nameOf } from '../message.ts'
import type { Item } from './row.ts'

/**
 * An alert or incident without the time of its last update has no version and no time: nobody could tell it from an
 * earlier one.
 */
export function versionProblem({ lastUpdateDateTime: value }: Item): RecordProblem | undefined {
  if (typeof value === 'string' && toMillis(value) !== undefined) return undefined
  const found = typeof value === 'string' ? 'a text that is no date' : nameOf(value)
  const problem = value === undefined ? 'has no `lastUpdateDateTime`' : `has ${found} for \`lastUpdateDateTime\``
  return {
    reason: 'bad_envelope',
    detail: `The item ${problem}.`,
    pointer: value === undefined ? '' : '/lastUpdateDateTime',
  }
}
