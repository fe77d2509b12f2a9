import type { Dataset } from '../../core/types.ts'

export const datasets = ['event', 'alert', 'incident', 'vulnerability'] as const satisfies readonly Dataset[]

/** What an API gives: its items have no envelope, and are rows of one table that is called as the dataset. */
export type Collected = Exclude<Dataset, 'event'>

export const collected = ['alert', 'incident', 'vulnerability'] as const satisfies readonly Collected[]

/** The dot path below which the columns of a dataset are kept; rules and cases write `V.` for it. */
export function vendorRoot(dataset: Dataset): string {
  return `m365_defender.${dataset}`
}

/** A path as rules and cases write it, in full. */
export function fullPath(path: string, dataset: Dataset): string {
  return path.startsWith('V.') ? `${vendorRoot(dataset)}.${path.slice(2)}` : path
}

/** Objects that belong to an item whose keys are columns by themselves, such as `alerts.title`. */
export const holders: Readonly<Record<Collected, readonly string[]>> = {
  alert: [],
  incident: ['alerts'],
  vulnerability: ['machine', 'vulnerability'],
}

/** Below the rules. */
export function namesFile(dataset: Dataset): string {
  return dataset === 'event' ? 'names.yaml' : `api/${dataset}.names.yaml`
}
