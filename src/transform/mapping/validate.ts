import { Ajv, type ErrorObject } from 'ajv'
import { isExactNumber } from '../digits.ts'
import type { Column } from './names.ts'
import { kindOf } from './run.ts'
import type { TableSchema } from './schemas.ts'

/** A column whose value is none of the forms that its schema knows. */
export interface Finding {
  readonly column: string
  /** Of its vendor field. */
  readonly name: string
  readonly expected: string
  readonly found: string
}

/** Asked about columns whose form is not the usual one of their type. Undefined when all fit. */
export type Validator = (properties: Readonly<Record<string, unknown>>) => Finding[] | undefined

/** A table is compiled while its first record waits, so ajv does nothing that tests or V8 do anyway. */
const quick = { validateSchema: false, meta: false, code: { optimize: false } } as const
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, logger: false, ...quick })
ajv.addKeyword({ keyword: 'x-type' })
ajv.addKeyword({ keyword: 'exactNumber', validate: (_yes: boolean, value: unknown) => isExactNumber(value) })

const numeric = new Set(['long', 'int', 'real'])

/** Compiles the schema of a table, or one for columns without. Numbers may also be exact ones. */
export function createValidator(schema: TableSchema['schema'] | undefined, columns: readonly Column[]): Validator {
  const properties = columns.map(column => [column.column, formsOf(column, schema?.properties[column.column])])
  const validate = ajv.compile({ type: 'object', properties: Object.fromEntries(properties) })
  const known = new Map(columns.map(column => [column.column, column]))
  return values => (validate(values) ? undefined : findings(validate.errors ?? [], values, known))
}

function formsOf({ type }: Column, forms: object | undefined): object {
  if (type === 'dynamic') return {}
  if (numeric.has(type)) return { anyOf: [forms ?? {}, { exactNumber: true }] }
  return forms ?? { type: ['string', 'null'] }
}

function findings(
  errors: readonly ErrorObject[],
  values: Readonly<Record<string, unknown>>,
  known: ReadonlyMap<string, Column>,
): Finding[] {
  const columns = new Set(errors.map(error => error.instancePath.split('/')[1]!))
  return [...columns].map(column => {
    const value = values[column]
    const { name, type } = known.get(column)!
    return { column, name, expected: type, found: isExactNumber(value) ? 'number' : kindOf(value) }
  })
}
