import { documentBytes } from '../../src/core/chunk.ts'
import type { SourceBatch, Transformed } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { type ColumnType, loadSchemas, type TableSchema } from '../../src/transform/mapping/schemas.ts'
import { usualLimits } from '../../src/transform/options.ts'
import { leavesOf, type Marker, markerOf } from './markers.ts'

/** Where the marked value of a column was found in the document. */
export interface ColumnCoverage {
  readonly column: string
  readonly type: ColumnType
  readonly ecs: readonly string[]
  readonly vendor: readonly string[]
  /** It was found when the column came alone, and when it came with all others. */
  readonly reached: boolean
  /** The same for the value as JSON text; only for dynamic columns. */
  readonly reachedAsText?: boolean
}

export interface TableCoverage {
  readonly table: string
  /** Its rows came out as documents of its own, without drift, and so did the column that all rows have. */
  readonly reached: boolean
  readonly columns: readonly ColumnCoverage[]
}

type Transform = (batch: SourceBatch) => Transformed

/** Documented for one table, though every row has it: it counts there only. */
const everyRow = { column: 'MachineGroup', documented: 'DeviceInfo' }
const vendorRoot = 'm365_defender.event.'

/** Marks each column of each table that has a schema and looks for the marks in the bytes of the documents. */
export function measureCoverage(transform: Transform = usualTransform()): TableCoverage[] {
  return loadSchemas().map(schema => measureTable(schema, transform))
}

function usualTransform(): Transform {
  return createBatchTransform({
    strict: false,
    preserveDuplicateCustomFields: false,
    preserveOriginalEvent: false,
    ids: 'position',
    limits: usualLimits,
  })
}

interface Marked {
  readonly column: string
  readonly type: ColumnType
  readonly marker: Marker
}

function measureTable({ table, columns }: TableSchema, transform: Transform): TableCoverage {
  const marked = [...columns].map(([column, type], index) => ({ column, type, marker: markerOf(column, type, index) }))
  const asIs = fieldsReached(table, marked, ({ marker }) => marker.value, transform)
  const asText = fieldsReached(table, marked, textOf, transform)
  const counted = marked.filter(({ column }) => column !== everyRow.column || table === everyRow.documented)
  return {
    table,
    reached: asIs.clean && asText.clean && asIs.fields.get(everyRow.column)!.always,
    columns: counted.map(({ column, type }) => {
      const fields = asIs.fields.get(column)!
      return {
        column,
        type,
        ecs: fields.all.filter(field => !field.startsWith(vendorRoot)),
        vendor: fields.all.filter(field => field.startsWith(vendorRoot)),
        reached: fields.always,
        ...(type === 'dynamic' && { reachedAsText: asText.fields.get(column)!.always }),
      }
    }),
  }
}

function textOf({ type, marker }: Marked): unknown {
  return type === 'dynamic' ? JSON.stringify(marker.value) : marker.value
}

interface Reach {
  readonly fields: ReadonlyMap<string, { readonly all: readonly string[]; readonly always: boolean }>
  readonly clean: boolean
}

/**
 * Each column alone beside a record without any, and each left out beside a record with all: a field counts when it
 * holds the mark with the column and not without it, which tells one boolean from another too.
 */
function fieldsReached(
  table: string,
  marked: readonly Marked[],
  write: (one: Marked) => unknown,
  transform: Transform,
): Reach {
  const entries = marked.map(one => [one.column, write(one)] as const)
  const alone = documents(table, [{}, ...entries.map(entry => Object.fromEntries([entry]))], transform)
  const without = entries.map(entry => Object.fromEntries(entries.filter(other => other !== entry)))
  const together = documents(table, [Object.fromEntries(entries), ...without], transform)
  const fields = marked.map(({ column, marker }, index) => {
    const first = added(alone.leaves[index + 1], alone.leaves[0], marker)
    const second = added(together.leaves[0], together.leaves[index + 1], marker)
    return [
      column,
      { all: [...new Set([...first, ...second])].sort(), always: first.length > 0 && second.length > 0 },
    ] as const
  })
  return { fields: new Map(fields), clean: alone.clean && together.clean }
}

type Leaves = ReadonlyMap<string, ReadonlySet<string>>

/** Fields that hold the mark in one document and not in the other; what is only kept beside the fields is none. */
function added(document: Leaves = new Map(), other: Leaves = new Map(), marker: Marker): string[] {
  const holds = (leaves: ReadonlySet<string> | undefined) => [...(leaves ?? [])].some(leaf => marker.isIn(leaf))
  const fields = [...document].filter(([path, leaves]) => holds(leaves) && !holds(other.get(path)))
  return fields.map(([path]) => path.replace(/\.mark$/, '')).filter(path => !path.startsWith('xdrelay.'))
}

/** The documents of one message of these rows; `clean` when each row gave one of this table and nothing was found odd. */
function documents(table: string, rows: readonly object[], transform: Transform): { leaves: Leaves[]; clean: boolean } {
  const category = `AdvancedHunting-${table}`
  const body = Buffer.from(JSON.stringify({ records: rows.map(properties => ({ category, properties })) }))
  const { chunk, drift } = transform(batchOf(body))
  const texts = chunk.ids.map((_id, index) => Buffer.from(documentBytes(chunk, index)).toString())
  const isOwn = chunk.ids.length === rows.length && chunk.tables.length === 1 && chunk.tables[0] === table
  return { leaves: texts.map(text => leavesOf(JSON.parse(text))), clean: isOwn && drift.length === 0 }
}

function batchOf(body: Uint8Array): SourceBatch {
  const origin = { source: 'coverage', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }
  const messages = [{ body, sequenceNumber: 0, offset: '', enqueuedTime: 0 }]
  return { stream: 'coverage/', origin, messages, cursor: { sequenceNumber: 0, offset: '' }, bytes: body.length }
}
