import { XdrelayError } from '../core/errors.ts'
import type { Cursor, Positions } from '../core/types.ts'

/** Positions as people find them in a blob or a file. */
export function formatPositions({ checkpoint, lanes }: Positions): string {
  const stored = {
    version: 1,
    ...(checkpoint && { checkpoint: written(checkpoint) }),
    outputs: Object.fromEntries([...lanes].map(([output, cursor]) => [output, written(cursor)])),
  }
  return `${JSON.stringify(stored, null, 2)}\n`
}

/** Throws `checkpoint_unreadable` for what is no positions: a wrong guess would skip or repeat without a word. */
export function parsePositions(text: string | undefined, name: string): Positions {
  if (text === undefined || text === '') return { checkpoint: undefined, lanes: new Map() }
  try {
    const { version, checkpoint, outputs } = JSON.parse(text)
    if (version !== 1) throw new Error(`its version is \`${version}\`, not 1`)
    const lanes = Object.entries(outputs as object).map(([output, cursor]) => [output, cursorOf(cursor)] as const)
    return { checkpoint: checkpoint === undefined ? undefined : cursorOf(checkpoint), lanes: new Map(lanes) }
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message
    throw new XdrelayError('checkpoint_unreadable', `${name} does not hold positions: ${reason}`)
  }
}

function written({ sequenceNumber, offset }: Cursor) {
  return { sequence_number: sequenceNumber, state: offset }
}

function cursorOf(value: unknown): Cursor {
  const { sequence_number: sequenceNumber, state: offset } = value as Record<string, unknown>
  if (!Number.isSafeInteger(sequenceNumber) || typeof offset !== 'string')
    throw new Error('a position needs a `sequence_number` and a `state`')
  return { sequenceNumber: sequenceNumber as number, offset }
}
