import { JsonWriter } from '../json-writer.ts'
import { parseExact } from '../parse.ts'
import type { DefenderRecord, Mapper, Unmapped } from '../record.ts'

const out = new JsonWriter(1 << 16)

/** The document of one record, as an output gets it but parsed, or why there is none. */
export function mapOne(mapper: Mapper, record: DefenderRecord): { document?: object; reject?: Unmapped } {
  out.at = 0
  const reject = mapper.map(record, out)
  if (reject !== undefined) return { reject }
  return { document: parseExact(Buffer.from(out.bytes.subarray(0, out.at))).value as object }
}
