import type { RecordProblem } from '../documents.ts'

/** What becomes one document: the columns that are mapped, and its id. */
export interface Row {
  readonly properties: Readonly<Record<string, unknown>>
  readonly id: string
  /** Set where it stands for the current state of the item: microseconds since the epoch. */
  readonly version?: number
  /** JSON pointer to a column, from the item, where that is not simply its name. */
  readonly pointer?: (column: string) => string
}

export type Item = Readonly<Record<string, unknown>>

/** What holds for all items of a page. */
export interface Page {
  /** ISO 8601, UTC, where it is known. */
  readonly time: string | undefined
  /** The whole body. */
  readonly body: Item
  /** Whether the current state of each item is wanted besides. */
  readonly current: boolean
}

/** The rows of an item, or why there are none. */
export type Rows = readonly Row[] | RecordProblem

/** How the items of a page become rows. */
export type PageRows = (page: Page) => (item: Item) => Rows
