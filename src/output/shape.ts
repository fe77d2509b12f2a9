import type { Budget } from '../core/budget.ts'
import type { Chunk, Delivery, Output } from '../core/types.ts'
import { FieldEditor } from './field-editor.ts'
import type { FieldOptions } from './fields.ts'
import { rawChunk } from './raw.ts'

/** Other lines for the same documents, in the same order. */
export type Shape = (chunk: Chunk) => Chunk

/** Undefined where the documents go out as they are. */
export function shapeOf(format: 'ecs' | 'raw', fields: FieldOptions | undefined): Shape | undefined {
  if (format === 'raw') return rawChunk
  if (fields === undefined) return undefined
  const editor = new FieldEditor(fields)
  return chunk => editor.edit(chunk)
}

/**
 * An output that gets other lines than the documents. They are made for each write and not before: a queue holds what
 * all outputs share, and only what is being written exists twice. The budget counts that too.
 */
export class ShapedOutput implements Output {
  readonly #output: Output
  readonly #shape: Shape
  readonly #budget: Budget

  constructor(output: Output, shape: Shape, budget: Budget) {
    this.#output = output
    this.#shape = shape
    this.#budget = budget
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#output.open(signal)
  }

  async write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
    const shaped = chunks.map(this.#shape)
    const bytes = shaped.reduce((sum, { lines }) => sum + lines.length, 0)
    this.#budget.add(bytes)
    try {
      return await this.#output.write(shaped, signal)
    } finally {
      this.#budget.give(bytes)
    }
  }

  close(): Promise<void> {
    return this.#output.close()
  }
}
