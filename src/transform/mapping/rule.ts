import type { Dataset } from '../../core/types.ts'

/** What a rule file says, once read. The format is described in rules/README.md. */

/** Where a row of a rule file stands: for errors, and to explain a document. */
export interface Place {
  readonly file: string
  readonly line: number
}

/**
 * What a rule reads. Names that start with a capital are columns, in files for what an API gives those that start with a
 * dot; `$…` is the envelope, the rest are fields set so far.
 */
export type Source =
  | { readonly kind: 'column'; readonly column: string; readonly key?: string }
  | { readonly kind: 'envelope'; readonly key: string }
  | { readonly kind: 'field'; readonly path: string }

/** `list_has` looks into a list, or JSON text of one. */
export type Comparison = 'is' | 'contains' | 'starts' | 'ends' | 'one_of' | 'list_has'

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly table: readonly string[] }
  | { readonly has: Source }
  /** Compares the lower-cased value; any of the values will do. */
  | { readonly source: Source; readonly comparison: Comparison; readonly values: readonly string[] }

export interface Rule {
  readonly place: Place
  /** First non-empty wins; with `together` all of them are given to the conversion or split. */
  readonly sources: readonly Source[]
  readonly together: boolean
  readonly constant?: string | number | boolean
  readonly as: readonly string[]
  readonly split?: string
  /** Lower-cased value → result; null means none. */
  readonly map?: ReadonlyMap<string, string | number | null>
  /** For values that `map` lacks: a constant, or `same` for the value itself. */
  readonly otherwise?: string | number
  /** Fields that are set; of a split, the field of each part. */
  readonly to: readonly { readonly part: string; readonly field: string }[]
  /** The field, a set, that the value is added to. */
  readonly add?: string
  readonly unlessSet: boolean
  readonly when?: Condition
  /** The path of a vendor copy, written only when duplicates are preserved. */
  readonly copy?: string
}

export interface RuleFile {
  readonly file: string
  readonly dataset: Dataset
  /** `others`: tables that no file lists, unknown ones included. `all`: every table, after its own file. */
  readonly tables: readonly string[] | 'all' | 'others'
  /** Whether the vendor copies that `duplicate` marks stay in these tables too. */
  readonly keepCopies: boolean
  /** Columns that arrive although the schema of the table lacks them. */
  readonly extraColumns: ReadonlyMap<string, readonly string[]>
  readonly rules: readonly Rule[]
}

/** The fields that a rule can set; its further vendor copy only where duplicates are preserved. */
export function fieldsOfRule({ to, add, copy }: Rule, preservesDuplicates: boolean): string[] {
  const fields = add === undefined ? to.map(({ field }) => field) : [add]
  return copy === undefined || !preservesDuplicates ? fields : [...fields, copy]
}
