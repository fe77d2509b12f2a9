/**
 * A configuration before it is checked: values with the place they were written at. The YAML file and the environment
 * both become such a tree, so that one check and one kind of finding serve both.
 */

/** `line` 0: there is no line, `file` names an environment variable. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Scalar {
  readonly kind: 'scalar'
  readonly place: Place
  readonly value: string | number | boolean | null
  /** As written, which for numbers is not always what `value` prints as. */
  readonly text: string
  /** `environment`: text that stands for any type and is taken literally. `file`: YAML decides the type. */
  readonly from: 'file' | 'environment'
}

export interface List {
  readonly kind: 'list'
  readonly place: Place
  readonly items: readonly Tree[]
}

export interface Entry {
  readonly key: string
  readonly place: Place
  readonly value: Tree
}

export interface Mapping {
  readonly kind: 'map'
  readonly place: Place
  /** In the order written; keys are unique. */
  readonly entries: readonly Entry[]
}

export type Tree = Scalar | List | Mapping

/** A key without a value, or with `null`. */
export function isEmpty(tree: Tree | undefined): boolean {
  return tree?.kind === 'scalar' && tree.value === null
}

export function entryOf(tree: Tree | undefined, key: string): Entry | undefined {
  return tree?.kind === 'map' ? tree.entries.find(entry => entry.key === key) : undefined
}

/** The place of the value at `path`, or of the deepest part of it that exists. `[2]` is an item of a list. */
export function placeOf(tree: Tree, path: readonly string[]): Place {
  let place = tree.place
  let current: Tree = tree
  for (const key of path) {
    const entry = entryOf(current, key) ?? itemOf(current, key)
    if (!entry) return place
    place = entry.value.kind === 'scalar' ? entry.value.place : entry.place
    current = entry.value
  }
  return place
}

function itemOf(tree: Tree, key: string): Pick<Entry, 'place' | 'value'> | undefined {
  const item = tree.kind === 'list' && key.startsWith('[') ? tree.items[Number(key.slice(1, -1))] : undefined
  return item && { place: item.place, value: item }
}

/** A tree for values that nobody wrote, such as defaults. */
export function treeOf(value: unknown, place: Place): Tree {
  if (Array.isArray(value)) return { kind: 'list', place, items: value.map(item => treeOf(item, place)) }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => ({ key, place, value: treeOf(each, place) }))
    return { kind: 'map', place, entries }
  }
  const scalar = value as Scalar['value']
  return { kind: 'scalar', place, value: scalar, text: String(scalar), from: 'environment' }
}
