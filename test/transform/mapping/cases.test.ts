import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import type { Mapper } from '../../../src/transform/record.ts'
import { at, recordOf, usual, written } from './records.ts'

/** One mapping case of a file in `cases/`: a record, and what its document has and has not. */
interface Case {
  readonly name: string
  readonly table: string
  readonly properties: Record<string, unknown>
  /** Further keys of the envelope. */
  readonly envelope?: Record<string, unknown>
  readonly strict?: boolean
  readonly preserve?: boolean
  /** Dot path → value; `V.` stands for `m365_defender.event.`. */
  readonly expect?: Record<string, unknown>
  readonly absent?: readonly string[]
  readonly reject?: Record<string, unknown>
}

const mappers = new Map<string, Mapper>()

function mapperOf({ strict = false, preserve = false }: Case): Mapper {
  const key = `${strict} ${preserve}`
  const mapper = mappers.get(key) ?? createMapper({ ...usual, strict, preserveDuplicateCustomFields: preserve })
  mappers.set(key, mapper)
  return mapper
}

const directory = new URL('./cases/', import.meta.url)

for (const file of readdirSync(directory)) {
  describe(file, () => {
    const cases = parse(readFileSync(new URL(file, directory), 'utf8')) as Case[]
    test.each(cases)('$name', one => {
      const record = recordOf(one.table, one.properties, { envelope: one.envelope ?? {} })
      const { document, reject } = mapperOf(one).map(record)
      const result = written(document)
      const paths = Object.keys(one.expect ?? {})
      expect(Object.fromEntries(paths.map(path => [path, at(result, path)]))).toEqual(one.expect ?? {})
      expect((one.absent ?? []).filter(path => at(result, path) !== undefined)).toEqual([])
      if (one.reject === undefined) expect(reject).toBeUndefined()
      else expect(reject).toMatchObject(one.reject)
    })
  })
}
