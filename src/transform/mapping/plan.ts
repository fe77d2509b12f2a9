import type { Dataset } from '../../core/types.ts'
import type { Column } from './names.ts'
import type { Rule } from './rule.ts'

/** What a table's function is made from. */
export interface TablePlan {
  readonly dataset: Dataset
  /** As its schema spells it; empty for all tables that have none. */
  readonly table: string
  readonly columns: readonly Column[]
  /** The keys of the envelope that have a name. */
  readonly envelope: readonly Column[]
  readonly rules: readonly Rule[]
  readonly preserveDuplicates: boolean
}
