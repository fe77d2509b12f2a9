import { quote } from './scope.ts'

type Node = Map<string, Node | string>

/**
 * The shape of a table's document: paths and the local that holds each value. Written as nested object literals, where an
 * object all of whose values are undefined is undefined itself.
 */
export class DocumentTree {
  readonly #root: Node = new Map()
  readonly #rare = new Set<string>()
  readonly #locals = new Map<string, string>()
  #count = 0

  /** What is `rare` is added to the finished object: each undefined member costs JSON.stringify nearly as much as a value. */
  add(path: string, local: string, rare = false): void {
    if (rare) this.#rare.add(path)
    const parts = path.split('.')
    const leaf = parts.pop()!
    let node = this.#root
    for (const part of parts) {
      const inner = node.get(part) ?? new Map<string, Node | string>()
      if (typeof inner === 'string') throw new Error(`${path} lies below the value ${part}`)
      node.set(part, inner)
      node = inner
    }
    if (node.has(leaf)) throw new Error(`${path} is there twice`)
    node.set(leaf, local)
  }

  /** The lines that make the inner objects, innermost first, and the literal of the whole. */
  write(): { lines: string[]; literal: string } {
    const lines: string[] = []
    const literal = this.#literal(this.#root, '', lines)
    return { lines, literal }
  }

  /** The local that holds the object at a path; known once written. */
  localOf(path: string): string {
    return this.#locals.get(path)!
  }

  #literal(node: Node, path: string, lines: string[]): string {
    const usual = [...node].filter(([key]) => !this.#rare.has(`${path}.${key}`))
    const members = usual.map(([key, value]) => {
      const inner = path === '' ? key : `${path}.${key}`
      return `${quote(key)}: ${typeof value === 'string' ? value : this.#object(value, inner, lines)}`
    })
    return `{ ${members.join(', ')} }`
  }

  #object(node: Node, path: string, lines: string[]): string {
    const literal = this.#literal(node, path, lines)
    const local = `o${this.#count++}`
    const values = [...node].map(([key, value]) => (typeof value === 'string' ? value : this.localOf(`${path}.${key}`)))
    const present = values.map(value => `${value} !== undefined`).join(' || ')
    lines.push(`const ${local} = ${present} ? ${literal} : undefined;`)
    for (const [key, value] of node) {
      if (this.#rare.has(`${path}.${key}`))
        lines.push(`if (${value} !== undefined) ${local}[${quote(key)}] = ${value};`)
    }
    this.#locals.set(path, local)
    return local
  }
}
