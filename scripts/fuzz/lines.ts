import { parseJson } from '../../src/core/parse-json.ts'
import type { Chunk, Reject } from '../../src/core/types.ts'
import { bulkBody } from '../../src/output/bulk.ts'
import { deadLetterLine } from '../../src/output/dead-letter-line.ts'
import { checkFields } from './fields.ts'

/** The documents of a chunk as JSON texts; throws where the chunk is not what outputs take it for. */
export function readLines(chunk: Chunk): string[] {
  const count = chunk.ids.length
  for (const column of [chunk.ends, chunk.table, chunk.message, chunk.record]) {
    if (column.length !== count)
      throw new Error(`a column of the chunk has ${column.length} entries for ${count} documents`)
  }
  if ((chunk.ends.at(-1) ?? 0) !== chunk.lines.length)
    throw new Error('the last document does not end where the lines do')
  if (new Set(chunk.ids).size !== count && chunk.ids[0]!.includes('-')) throw new Error('two documents have one id')
  return chunk.ids.map((id, index) => {
    if (!/^[a-z0-9][A-Za-z0-9_-]*$/.test(id)) throw new Error(`${JSON.stringify(id)} is no id`)
    if (chunk.tables[chunk.table[index]!] === undefined) throw new Error(`document ${index} has no table`)
    return readLine(chunk.lines.subarray(index === 0 ? 0 : chunk.ends[index - 1], chunk.ends[index]), index)
  })
}

function readLine(bytes: Uint8Array, index: number): string {
  const line = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  if (line.indexOf('\n') !== line.length - 1) throw new Error(`document ${index} is not one line`)
  const document = parseJson(line)
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new Error(`document ${index} is no object`)
  const time = (document as Record<string, unknown>)['@timestamp']
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(time))) throw new Error(`document ${index} is of ${time}`)
  checkTexts(document, `document ${index}`)
  checkFields(document)
  return line
}

/** No text with half a character, and nothing empty: neither carries anything, and targets refuse the first. */
function checkTexts(value: unknown, place: string): void {
  if (value === null || value === '') throw new Error(`${place} is empty`)
  if (typeof value === 'string' && !value.isWellFormed()) throw new Error(`${place} has a lone surrogate`)
  if (typeof value !== 'object') return
  const entries = Object.entries(value)
  if (entries.length === 0) throw new Error(`${place} is empty`)
  for (const [key, inner] of entries) {
    if (!key.isWellFormed()) throw new Error(`a key of ${place} has a lone surrogate`)
    checkTexts(inner, `${place}.${key.slice(0, 50)}`)
  }
}

/** What outputs make of it: a bulk body is pairs of lines that create these documents and do nothing else. */
export function checkBulk(chunk: Chunk): void {
  const body = bulkBody([chunk], { from: 0, to: chunk.ids.length }, () => ({
    stream: 'logs-x-default',
    current: 'unused',
  }))
  const bytes = Buffer.concat([...body.pieces()])
  if (bytes.length !== body.bytes) throw new Error(`a bulk of ${bytes.length} bytes is announced with ${body.bytes}`)
  const lines = bytes.toString().split('\n')
  if (lines.length !== 2 * chunk.ids.length + 1)
    throw new Error(`${chunk.ids.length} documents make ${lines.length} lines`)
  const documents = readLines(chunk)
  for (const [index, id] of chunk.ids.entries()) {
    const action = JSON.stringify({ create: { _index: 'logs-x-default', _id: id } })
    if (lines[index * 2] !== action) throw new Error(`the action of document ${index} is ${lines[index * 2]}`)
    if (`${lines[index * 2 + 1]}\n` !== documents[index])
      throw new Error(`document ${index} is another one in the bulk`)
  }
}

/** A dead letter is one line, and has the bytes as they came. */
export function checkDeadLetter(reject: Reject): void {
  const line = deadLetterLine(reject, new Date(0)).toString()
  if (line.indexOf('\n') !== line.length - 1) throw new Error('a dead letter is not one line')
  const { bytes, reason, record_index } = JSON.parse(line) as Record<string, unknown>
  if (!Buffer.from(String(bytes), 'base64').equals(reject.bytes)) throw new Error('a dead letter has other bytes')
  if (reason !== reject.reason || record_index !== reject.recordIndex)
    throw new Error('a dead letter is of another record')
}
