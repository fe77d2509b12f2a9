/**
 * JSON as it is written: keys and scalars are the texts they came as, so that digits, escapes and duplicate keys survive
 * being taken apart and put together again.
 */
export type Tree = string | Branch

export interface Branch {
  readonly kind: 'object' | 'list'
  readonly items: Item[]
}

/** A member of an object; in a list without key. */
export interface Item {
  /** With its quotes. */
  readonly key?: string
  value: Tree
}

const token = /\s*([{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+)\s*/gsy

/** Of valid JSON, and some tree of anything else. Recurses: for texts of moderate depth. */
export function readTree(text: string): Tree {
  const tokens = [...text.matchAll(token)].map(([, part]) => part!)
  let at = 0
  return read()

  function read(): Tree {
    const first = tokens[at++] ?? 'null'
    if (first === '[') return { kind: 'list', items: until(']', () => ({ value: read() })) }
    return first === '{' ? { kind: 'object', items: until('}', member) } : first
  }

  function member(): Item {
    const key = tokens[at++]!
    at++
    return { key, value: read() }
  }

  function until(end: string, item: () => Item): Item[] {
    const items: Item[] = []
    while (at < tokens.length && tokens[at] !== end) {
      items.push(item())
      if (tokens[at] === ',') at++
    }
    at++
    return items
  }
}

/** `space` is called for what stands between two tokens; nothing when absent. */
export function writeTree(tree: Tree, space: () => string = () => ''): string {
  if (typeof tree === 'string') return tree
  const [open, close] = tree.kind === 'list' ? '[]' : '{}'
  const items = tree.items.map(({ key, value }) => {
    const written = writeTree(value, space)
    return key === undefined ? written : `${key}${space()}:${space()}${written}`
  })
  return `${open}${space()}${items.join(`${space()},${space()}`)}${space()}${close}`
}

/** All objects and lists of a tree, itself first. */
export function branchesOf(tree: Tree): Branch[] {
  return typeof tree === 'string' ? [] : [tree, ...tree.items.flatMap(({ value }) => branchesOf(value))]
}
