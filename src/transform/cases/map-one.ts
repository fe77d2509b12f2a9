import { parseExact } from '../parse.ts'
import type { DefenderRecord, Mapper, Unmapped } from '../record.ts'

/** The document of one record, as an output gets it but parsed, or why there is none. */
export function mapOne(mapper: Mapper, record: DefenderRecord): { document?: object; reject?: Unmapped } {
  const { out } = mapper
  const start = out.at
  const reject = mapper.map(record)
  if (reject !== undefined) return { reject }
  const document = parseExact(Buffer.from(out.kernel.bytes.subarray(start, out.at))).value as object
  out.at = start
  return { document }
}
