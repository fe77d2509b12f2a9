import type { Dataset, Drift, Reject } from '../../core/types.ts'
import type { TransformOptions } from '../options.ts'
import { explainColumns } from './columns.ts'
import { explainFields } from './fields.ts'
import type { ExplainedColumn, ExplainedField } from './model.ts'
import { seenOf } from './seen.ts'
import { createTracer, type Place } from './trace.ts'

/** What a record is taken for. */
export interface Envelope {
  readonly dataset: Dataset
  /** As it came, without the prefix of the category. */
  readonly table: string
  readonly category: string
  /** `known`: its schema is there; `case`: in another spelling; `unknown`: mapped by the rules for such tables. */
  readonly recognised: 'known' | 'case' | 'unknown'
  /** The schema's spelling; null for an unknown table. */
  readonly schema: string | null
  readonly time: unknown
  readonly tenant: unknown
}

export interface Explanation {
  /** Null for a record that did not get as far as the mapping. */
  readonly envelope: Envelope | null
  /** Null when the record was rejected. */
  readonly document: { readonly id: string; readonly line: string } | null
  readonly reject: Reject | null
  readonly fields: readonly ExplainedField[]
  readonly columns: readonly ExplainedColumn[]
  readonly drift: readonly Drift[]
  /** All columns that the table has, be they in the record or not. */
  readonly known: readonly string[]
}

/**
 * Explains single records: they go through the transform that batches go through, so that nothing is told here that does
 * not happen there. One record at a time costs hundreds of times what it does in a batch.
 */
export function createExplainer(options: TransformOptions): (place: Place) => Explanation {
  const trace = createTracer(options)
  return place => {
    const seen = trace(place)
    const { facts, drift, document = null, reject = null } = seen
    if (facts === undefined) return { envelope: null, document, reject, fields: [], columns: [], drift, known: [] }
    const mapped = seenOf(seen, facts)
    const { record, plan } = facts
    const recognised = plan.table === '' ? 'unknown' : plan.table === record.table ? 'known' : 'case'
    const { table, category, envelope } = record
    const { time = null, tenantId: tenant = null } = envelope
    return {
      envelope: { dataset: plan.dataset, table, category, recognised, schema: plan.table || null, time, tenant },
      document,
      reject,
      fields: explainFields(mapped),
      columns: explainColumns(mapped),
      drift,
      known: plan.columns.map(({ column }) => column),
    }
  }
}
