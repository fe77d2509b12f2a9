import type { Problem } from '../message.ts'

/** What becomes one document: the columns that are mapped, and its id. */
export interface Row {
  readonly properties: Readonly<Record<string, unknown>>
  readonly id: string
  /** JSON pointer to a column, from the item, where that is not simply its name. */
  readonly pointer?: (column: string) => string
}

export type Item = Readonly<Record<string, unknown>>

/** The rows of an item, or why there are none. `time` holds for all items of the page, where it is known. */
export type ItemRows = (
  item: Item,
  time: string | undefined,
) => readonly Row[] | (Problem & { readonly pointer: string })
