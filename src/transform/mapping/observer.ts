import type { DefenderRecord } from '../record.ts'
import type { Column } from './names.ts'
import type { TablePlan } from './plan.ts'
import type { Rule } from './rule.ts'
import type { Run } from './run.ts'

/**
 * Told, while a record is mapped, of everything that is written: to explain a document, and to find rules that are never
 * reached. A mapper without an observer has no trace of it in its functions.
 */
export interface Observer {
  /**
   * A record is about to be mapped. `values` are those of the envelope's and then of the plan's columns, in the forms
   * that the rules see; undefined for what is empty, absent, or of no use.
   */
  begin(plan: TablePlan, record: DefenderRecord, values: readonly unknown[], run: Run): void
  /** A rule gave `field` this value, or added it to the set there; a later rule may still overwrite it. */
  rule(rule: Rule, field: string, value: unknown): void
  /** What of the column its vendor field, a full path, gets; undefined: nothing, as an ECS or another vendor field has it. */
  vendor(column: Column, field: string, value: unknown): void
  /** A column, or key of the envelope, that the plan lacks: the field that has it, `xdrelay.kept.…` or a vendor field; empty for none. */
  other(name: string, where: 'properties' | 'envelope', field: string): void
}
