import { suggest } from '../../config/suggest.ts'
import type { Dataset, Drift } from '../../core/types.ts'
import type { OutputVerdict } from '../../output/verdict.ts'
import { allRules, type Elsewhere } from '../../transform/explain/elsewhere.ts'
import type { Envelope, Explanation } from '../../transform/explain/explain.ts'
import type { ExplainedColumn, ExplainedField } from '../../transform/explain/model.ts'
import { parseExact } from '../../transform/parse.ts'
import type { Chosen, DeadLetterLine } from './input.ts'
import { type ExplainedReject, explainReject } from './reject.ts'
import type { Surroundings } from './surroundings.ts'

/** What `--json` prints; described in docs/commands.md. */
export interface Answer {
  readonly input: {
    readonly line: number
    readonly dataset: Dataset
    readonly record_index: number
    readonly dead_letter: DeadLetterLine | null
  }
  readonly envelope: Envelope | null
  /** `in_run`: a run of the configuration gives this id; otherwise it is made of the content, as `map` does. */
  readonly id: { readonly value: string; readonly in_run: boolean } | null
  readonly reject: (ExplainedReject & { readonly dead_letters: string | null }) | null
  readonly fields: readonly ExplainedField[]
  readonly columns: readonly ExplainedColumn[]
  /**
   * Of what was asked for and is nowhere in the record nor in its table's rules: rules for other tables that set it, the
   * column of the table that it is, or what else may have been meant.
   */
  readonly elsewhere: {
    readonly rules: readonly Elsewhere[]
    readonly column: string | null
    readonly suggestion: string | null
  } | null
  readonly drift: readonly Omit<Drift, 'count'>[]
  readonly outputs: readonly OutputVerdict[]
  readonly document: unknown
}

export function answer(
  { envelope, document, reject, fields, columns, drift, known }: Explanation,
  { line, dataset, record, deadLetter }: Chosen,
  { isRunId, outputs, deadLetters }: Surroundings,
  wanted: string | undefined,
): Answer {
  const asked =
    wanted === undefined ? everything(fields, columns) : askedFor({ envelope, fields, columns, known }, wanted)
  return {
    input: { line, dataset, record_index: record, dead_letter: deadLetter ?? null },
    envelope,
    id: document && { value: document.id, in_run: isRunId },
    reject: reject && { ...explainReject(reject), dead_letters: deadLetters ?? null },
    ...asked,
    drift: drift.map(({ count: _count, ...rest }) => rest),
    outputs: document === null || envelope === null ? [] : outputs(envelope.table),
    // With all digits of long numbers.
    document: document && parseExact(Buffer.from(document.line)).value,
  }
}

type Asked = Pick<Answer, 'fields' | 'columns' | 'elsewhere'>

function everything(fields: readonly ExplainedField[], columns: readonly ExplainedColumn[]): Asked {
  const withValue = fields
    .filter(({ value }) => value !== null)
    .map(field => ({ ...field, not_by: field.not_by.filter(({ kind }) => kind === 'held_back') }))
  return { fields: withValue, columns, elsewhere: null }
}

/** A field, all fields below it, or a column, by its own name or by that of its vendor field. */
function askedFor(
  { envelope, fields, columns, known }: Pick<Explanation, 'envelope' | 'fields' | 'columns' | 'known'>,
  wanted: string,
): Asked {
  const chosen = fields.filter(({ field }) => isOrBelow(field, wanted))
  const named = columns.filter(
    ({ column, vendor }) =>
      column.toLowerCase() === wanted.toLowerCase() || vendor.some(({ field }) => isOrBelow(field, wanted)),
  )
  if (chosen.length > 0 || named.length > 0) {
    return { fields: withOrigins(chosen, fields), columns: named, elsewhere: null }
  }
  const all = allRules(envelope?.dataset ?? 'event')
  const rules = all.filter(({ field }) => isOrBelow(field, wanted))
  const column = known.find(name => name.toLowerCase() === wanted.toLowerCase()) ?? null
  const names = [...new Set([...all.map(({ field }) => field), ...columns.map(each => each.column)])]
  const suggestion = rules.length > 0 || column !== null ? null : (suggest(wanted, names) ?? null)
  return { fields: [], columns: [], elsewhere: { rules, column, suggestion } }
}

/** A field that is absent because another one is: that one as well, so that the answer ends at columns. */
function withOrigins(chosen: readonly ExplainedField[], fields: readonly ExplainedField[]): readonly ExplainedField[] {
  const missing = new Set(
    chosen.filter(({ value }) => value === null).flatMap(each => each.not_by.flatMap(not => not.from)),
  )
  const origins = fields.filter(each => each.value === null && missing.has(each.field) && !chosen.includes(each))
  return origins.length === 0 ? chosen : withOrigins([...chosen, ...origins], fields)
}

function isOrBelow(field: string, wanted: string): boolean {
  return field === wanted || field.startsWith(`${wanted}.`)
}
