import type { Chunk } from '../core/types.ts'
import { FieldEditor } from './field-editor.ts'
import type { FieldOptions } from './fields.ts'
import { rawChunk } from './raw.ts'

/**
 * Other lines for the same documents, in the same order. Called for each write and not before, so that nothing but what
 * is being written exists twice: a queue holds what all outputs share.
 */
export type Shape = (chunk: Chunk) => Chunk

/** Undefined where the documents go out as they are. */
export function shapeOf(format: 'ecs' | 'raw', fields: FieldOptions | undefined): Shape | undefined {
  if (format === 'raw') return rawChunk
  if (fields === undefined) return undefined
  const editor = new FieldEditor(fields)
  return chunk => editor.edit(chunk)
}
