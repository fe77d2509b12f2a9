import { viewOf } from '../../scan/bytes.ts'
import { quote } from '../scope.ts'

/** What is written at one place of a document. */
export type Part =
  | { readonly kind: 'field'; readonly number: number }
  | { readonly kind: 'vendor'; readonly number: number; readonly slot: number; readonly copied: number }
  /** Keys of the record that the table lacks. */
  | { readonly kind: 'others' }
  | { readonly kind: 'position' }
  | { readonly kind: 'remarks' }

export const steps = { open: 0, close: 1, field: 2, vendor: 3, others: 4, position: 5, remarks: 6 } as const

/**
 * Numbers per step: which it is, where its key starts and ends in `constants`, the number of the field, and of a vendor
 * field the slot of its column and the kinds whose bytes are its value; none of these where it takes a closer look.
 */
export const stepWidth = 6

/** The shape of a table's documents as a list of steps, which one loop follows for all tables. */
export interface DocumentPlan {
  readonly steps: Int32Array
  /** Keys, with quotes and colon; those of objects with the brace. Behind them the constants that rules set, as JSON. */
  readonly constants: DataView
  /** Where constant n starts, and at n + 1 where it ends. */
  readonly constantEnds: Int32Array
}

type Node = Map<string, Node | Part>

/** Collects the paths of a table's fields. */
export class DocumentTree {
  readonly #root: Node = new Map()

  add(path: string, part: Part): void {
    const parts = path.split('.')
    const leaf = parts.pop()!
    const node = this.#nodeAt(parts)
    if (node.has(leaf)) throw new Error(`${path} is there twice`)
    node.set(leaf, part)
  }

  /** Behind all members of the object at `path` that are there so far. */
  addBehind(path: string, part: Part): void {
    this.#nodeAt(path.split('.')).set('', part)
  }

  /** `values` are what references to constants stand for. */
  plan(values: readonly unknown[]): DocumentPlan {
    const numbers: number[] = []
    const pieces: Buffer[] = []
    let length = 0
    const constant = (text: string): [number, number] => {
      const bytes = Buffer.from(text)
      pieces.push(bytes)
      length += bytes.length
      return [length - bytes.length, length]
    }
    const write = (node: Node): void => {
      for (const [key, value] of node) {
        if (value instanceof Map) {
          numbers.push(steps.open, ...constant(`${quote(key)}:{`), 0, 0, 0)
          write(value)
          numbers.push(steps.close, 0, 0, 0, 0, 0)
        } else {
          const number = 'number' in value ? value.number : 0
          const [slot, copied] = value.kind === 'vendor' ? [value.slot, value.copied] : [0, 0]
          numbers.push(steps[value.kind], ...constant(`${quote(key)}:`), number, slot, copied)
        }
      }
    }
    write(this.#root)
    const start = length
    const ends = values.map(value => constant(JSON.stringify(value))[1])
    return {
      steps: Int32Array.from(numbers),
      // Who copies takes more than there is, see `JsonWriter.member`.
      constants: viewOf(Buffer.concat([...pieces, Buffer.alloc(8)])),
      constantEnds: Int32Array.of(start, ...ends),
    }
  }

  #nodeAt(parts: readonly string[]): Node {
    let node = this.#root
    for (const part of parts) {
      const inner = node.get(part) ?? (new Map() as Node)
      if (!(inner instanceof Map)) throw new Error(`a path lies below the value ${part}`)
      node.set(part, inner)
      node = inner
    }
    return node
  }
}
