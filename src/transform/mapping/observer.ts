import type { Column } from './names.ts'
import type { Rule } from './rule.ts'

/**
 * Told, while a record is mapped, of everything that is written: to explain a document, and to find rules that are never
 * reached. A mapper without an observer has no trace of it in its functions.
 */
export interface Observer {
  /** A rule gave `field` this value, or added it to the set there; a later rule may still overwrite it. */
  rule(rule: Rule, field: string, value: unknown): void
  /** What of the column its vendor field, a full path, gets; undefined: nothing, as an ECS or another vendor field has it. */
  vendor(column: Column, field: string, value: unknown): void
}
