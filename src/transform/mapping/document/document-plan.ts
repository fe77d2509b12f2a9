import type { Kernel, Span } from '../../kernel/kernel.ts'
import {
  isAddressFlag,
  isCallersFlag,
  isDateFlag,
  isNoWordsFlag,
  isObjectsFlag,
  isWordsFlag,
  mostOpen,
  stepClose,
  stepField,
  stepOpen,
  stepOthers,
  stepPosition,
  stepRemarks,
  stepVendor,
  stepWords,
} from '../../kernel/layout.ts'
import { quote } from '../scope.ts'
import type { VendorField } from './vendor-field.ts'

/** What is written at one place of a document. */
export type Part =
  | { readonly kind: 'field'; readonly number: number }
  | { readonly kind: 'vendor'; readonly number: number; readonly field: VendorField; readonly isTold: boolean }
  /** Keys of the record that the table lacks. */
  | { readonly kind: 'others' }
  | { readonly kind: 'position' }
  | { readonly kind: 'remarks' }

const steps = {
  field: stepField,
  vendor: stepVendor,
  others: stepOthers,
  position: stepPosition,
  remarks: stepRemarks,
}

/** The shape of a table's documents as a list of steps in the kernel's memory, which one loop follows for all tables. */
export interface DocumentPlan {
  readonly steps: number
  readonly stepsEnd: number
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

  plan(kernel: Kernel): DocumentPlan {
    const numbers: number[] = []
    const add = (...words: readonly number[]) => {
      numbers.push(...words, ...new Array(stepWords - words.length).fill(0))
    }
    const write = (node: Node, depth: number): void => {
      if (depth === mostOpen) throw new Error('a document has too many levels')
      for (const [key, value] of node) {
        if (value instanceof Map) {
          add(stepOpen, ...placeOf(kernel.putText(`${quote(key)}:{`)))
          write(value, depth + 1)
          add(stepClose)
        } else {
          const rest = value.kind === 'vendor' ? vendorWords(value, kernel) : 'number' in value ? [value.number] : []
          add(steps[value.kind], ...placeOf(kernel.putText(`${quote(key)}:`)), ...rest)
        }
      }
    }
    write(this.#root, 0)
    const at = putWords(kernel, numbers)
    return { steps: at, stepsEnd: at + numbers.length * 4 }
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

const jsonFlags = { '': 0, objects: isObjectsFlag, words: isWordsFlag, 'no words': isNoWordsFlag }

function vendorWords({ number, field, isTold }: Extract<Part, { kind: 'vendor' }>, kernel: Kernel): number[] {
  const { slot, elseSlot, copied, quoted, isDate, isAddress, json, copies, isElsewhere } = field
  const isCallers = isTold || isElsewhere !== undefined
  const forms = (isDate ? isDateFlag : 0) | (isAddress ? isAddressFlag : 0) | jsonFlags[json]
  const flags = forms | (isCallers ? isCallersFlag : 0)
  return [number, slot, elseSlot, copied | flags, quoted, putWords(kernel, copies), copies.length]
}

/** Where the kernel has what references to constants stand for: pairs of start and end of its JSON. */
export function putConstants(kernel: Kernel, values: readonly unknown[]): number {
  const spans = values.map(value => kernel.putText(JSON.stringify(value)))
  return putWords(
    kernel,
    spans.flatMap(({ from, to }) => [from, to]),
  )
}

/** As a step has it: where, and how long. */
function placeOf({ from, to }: Span): [number, number] {
  return [from, to - from]
}

function putWords(kernel: Kernel, words: ArrayLike<number>): number {
  return kernel.put(new Uint8Array(Int32Array.from(words).buffer))
}
