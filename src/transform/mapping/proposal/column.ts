import type { Form } from '../../../core/types.ts'
import { vendorRoot } from '../datasets.ts'
import { type FieldType, type NameEntry, usualFieldType } from '../names.ts'
import { property } from '../schema-file.ts'
import { snakeCase } from '../snake-case.ts'
import type { Draft } from './draft.ts'
import { accepts, type TypePair, typeFor, usualForm } from './types.ts'

export interface ColumnProposal {
  /** For the schema; absent when there is nothing to propose. */
  readonly property?: object
  /** For names.yaml, where the usual name or type does not do; for all tables or for this one. */
  readonly row?: NameEntry
  readonly rowFor?: 'all' | 'table'
  readonly remark?: string
}

/** A column that the schema lacks: as in other tables where its values allow it. */
export function proposeColumn(draft: Draft, table: string, column: string, forms: readonly Form[]): ColumnProposal {
  const documented = draft.documentedType(column)
  if (documented !== undefined) {
    const [there] = draft.names.columns(table, new Map([[column, documented]]))
    if (accepts(there!, forms) && draft.tryColumn({ table, column, type: documented })) {
      return { property: property(documented) }
    }
  }
  const pair = typeFor(forms)
  const remark = forms.every(form => form === 'empty') ? { remark: 'without a value so far, so text is a guess' } : {}
  const [usual] = draft.names.columns(table, new Map([[column, pair.type]]))
  if (usual!.fieldType === pair.fieldType && draft.tryColumn({ table, column, type: pair.type })) {
    return { property: property(pair.type), ...remark }
  }
  const isFree = documented === undefined && !draft.hasRow(column)
  const name = snakeCase(column)
  const names = [...(isFree ? [undefined] : []), `properties_${name}`, `${snakeCase(table)}_${name}`]
  return firstAccepted(draft, { table, column, pair, rowFor: isFree ? 'all' : 'table', names }, remark)
}

/** A column whose values are of other forms than its schema says: the narrowest type that takes both. */
export function proposeChange(draft: Draft, table: string, column: string, found: readonly Form[]): ColumnProposal {
  const documented = draft.schema(table)?.columns.get(column) ?? draft.documentedType(column) ?? 'string'
  const now = draft.names.columns(table, new Map([[column, documented]]))[0]!
  const pair = typeFor([usualForm(now), ...found])
  if (pair.type === documented && pair.fieldType === now.fieldType) {
    return { remark: `stays ${documented}: a value that is out of bounds is an exception and not a new type` }
  }
  const isSame = indexType(pair.fieldType) === indexType(now.fieldType)
  const names = isSame
    ? [now.name]
    : [`${now.name}_${indexType(pair.fieldType) === 'keyword' ? 'text' : pair.fieldType}`]
  const remark = isSame
    ? `all its values go to ${vendorRoot('event')}.${now.name} then`
    : `goes to ${vendorRoot('event')}.${names[0]} from then on: an index keeps the type of a field, and ${now.name} is ${now.fieldType}`
  const duplicate = isSame && now.duplicate
  return firstAccepted(draft, { table, column, pair, rowFor: 'table', names, duplicate }, { remark })
}

interface Choice {
  readonly table: string
  readonly column: string
  readonly pair: TypePair
  readonly rowFor: 'all' | 'table'
  /** Undefined: the usual one. */
  readonly names: readonly (string | undefined)[]
  readonly duplicate?: boolean
}

function firstAccepted(
  draft: Draft,
  { table, column, pair, rowFor, names, duplicate }: Choice,
  remark: { remark?: string },
): ColumnProposal {
  const { type, fieldType } = pair
  for (const name of names) {
    const row: NameEntry = {
      ...(name !== undefined && { name }),
      ...(fieldType !== usualFieldType[type] && { type: fieldType }),
      ...(duplicate && { duplicate }),
    }
    if (Object.keys(row).length > 0 && draft.tryColumn({ table, column, type, row, rowFor })) {
      return { property: property(type), row, rowFor, ...remark }
    }
  }
  return { remark: 'its name clashes with those of other columns; it stays where it is' }
}

/** Two field types of the same index type may share a name. */
function indexType(fieldType: FieldType): FieldType {
  return fieldType === 'lower' || fieldType === 'keywords' ? 'keyword' : fieldType
}
