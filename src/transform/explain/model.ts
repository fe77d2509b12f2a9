/** The answer, in the shape that `--json` prints; described in docs/commands.md. */

/** One rule that gave a field its value, or one of its values. */
export interface SetBy {
  /** `file:line` below the rules. */
  readonly rule: string
  /** Columns, envelope keys and fields that were read. */
  readonly from: readonly string[]
  /** What was done to the value, in words. */
  readonly as: readonly string[]
  /** Why the condition holds, in words: what is so, and what is not so. Without what the table alone decides. */
  readonly because: readonly string[]
  readonly and_not: readonly string[]
  readonly value: unknown
  /** A later rule gave the field another value. */
  readonly overwritten: boolean
}

export interface NotBy {
  readonly rule: string
  readonly from: readonly string[]
  /** What the rule would set; null unless that is a constant. */
  readonly constant: string | number | boolean | null
  readonly kind: 'condition' | 'no_value' | 'held_back' | 'no_result'
  /** No record of this table can have a value by this rule. */
  readonly by_table: boolean
  readonly why: readonly string[]
}

export interface ExplainedField {
  readonly field: string
  /** Null when the document has no such field. */
  readonly value: unknown
  readonly set_by: readonly SetBy[]
  readonly not_by: readonly NotBy[]
}

export interface ExplainedColumn {
  readonly column: string
  readonly in: 'properties' | 'envelope'
  readonly value: unknown
  /** As documented; null when the table's schema lacks the column. */
  readonly type: string | null
  readonly fields: readonly { readonly field: string; readonly rule: string; readonly overwritten: boolean }[]
  /** `converted`: what was done to the value, in words; null when it is there as it came. */
  readonly vendor: readonly { readonly field: string; readonly type: string; readonly converted: string | null }[]
  /** The field that has the value, so that there is no vendor field. */
  readonly duplicate_of: string | null
  /** The key below `xdrelay.kept`. */
  readonly kept: string | null
  /** Why the column left no trace of its own, in words. */
  readonly nothing: string | null
}
