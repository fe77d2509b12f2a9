import type { ColumnType } from './schemas.ts'

const digits = { type: 'string', pattern: '^(-?[0-9]+)?$' }
const numeric = { type: 'string', pattern: '^(-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?)?$' }
const integer = { anyOf: [{ type: ['integer', 'null'] }, digits] }

/**
 * The JSON forms in which the service sends each type: empty is null or "", booleans of identity tables come as
 * numbers or text, a long may be text so that its digits survive.
 */
export const formsOfType: Record<ColumnType, object> = {
  string: { type: ['string', 'null'] },
  datetime: { type: ['string', 'null'] },
  bool: { anyOf: [{ type: ['boolean', 'null'] }, { enum: [0, 1, '0', '1', 'true', 'false', ''] }] },
  int: integer,
  long: integer,
  real: { anyOf: [{ type: ['number', 'null'] }, numeric] },
  dynamic: {},
}

/** A column as it stands in a schema. */
export function property(type: ColumnType): object {
  return { 'x-type': type, ...formsOfType[type] }
}

/** The properties of a table's schema. Every row carries MachineGroup, though the hunting schema lists it for DeviceInfo only. */
export function tableProperties(columns: Readonly<Record<string, ColumnType>>): Record<string, object> {
  const all: Record<string, ColumnType> = { ...columns, MachineGroup: 'string' }
  return Object.fromEntries(Object.entries(all).map(([column, type]) => [column, property(type)]))
}

/** A schema file around its properties. */
export function schemaFile<T extends object>(name: string, comment: string, properties: T) {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:xdrelay:schema:${name}`,
    title: name,
    $comment: comment,
    type: 'object',
    additionalProperties: true,
    properties,
  }
}
