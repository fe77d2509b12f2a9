import type { Form, Structure } from '../../../core/types.ts'
import type { Column, FieldType } from '../names.ts'
import type { ColumnType } from '../schemas.ts'

export interface TypePair {
  readonly type: ColumnType
  readonly fieldType: FieldType
}

const lists: readonly Structure[] = ['list of texts', 'list of scalars', 'empty list']
const structures: readonly Structure[] = [...lists, 'object', 'empty object', 'list of objects', 'mixed list']
const asText = (all: readonly Structure[]): Form[] => all.map((one): Form => `${one} as text`)

const texts: readonly Form[] = ['text', 'digits', 'date', 'ip', ...asText(structures)]
const wordLists: readonly Form[] = [...lists, ...asText(lists)]

/** The narrowest first. Text of digits alone is more often a name than a number. */
const choices: readonly (TypePair & { readonly forms: readonly Form[] })[] = [
  { type: 'datetime', fieldType: 'date', forms: ['date'] },
  { type: 'string', fieldType: 'ip', forms: ['ip'] },
  { type: 'bool', fieldType: 'boolean', forms: ['boolean'] },
  { type: 'dynamic', fieldType: 'keywords', forms: wordLists },
  { type: 'dynamic', fieldType: 'flattened', forms: [...structures, ...asText(structures)] },
  { type: 'string', fieldType: 'keyword', forms: texts },
  { type: 'long', fieldType: 'long', forms: ['integer', 'digits'] },
  { type: 'real', fieldType: 'double', forms: ['integer', 'number', 'digits'] },
  { type: 'dynamic', fieldType: 'keywords', forms: [...texts, ...wordLists, 'boolean', 'integer', 'number'] },
]

/** The narrowest type that takes all of these forms, and how it is indexed. */
export function typeFor(forms: readonly Form[]): TypePair {
  const found = forms.filter(form => form !== 'empty')
  if (found.length === 0) return { type: 'string', fieldType: 'keyword' }
  const choice = choices.find(each => found.every(form => each.forms.includes(form)))
  return { type: choice?.type ?? 'dynamic', fieldType: choice?.fieldType ?? 'flattened' }
}

const ofType: Record<ColumnType, readonly Form[] | 'all'> = {
  string: texts,
  datetime: ['date'],
  bool: ['boolean'],
  long: ['integer', 'digits'],
  int: ['integer', 'digits'],
  real: ['integer', 'number', 'digits'],
  dynamic: 'all',
}
const ofFieldType: Partial<Record<FieldType, readonly Form[]>> = {
  date: ['date'],
  ip: ['ip'],
  boolean: ['boolean'],
  long: ['integer', 'digits'],
  double: ['integer', 'number', 'digits'],
}

/** Whether values of these forms fit a column without drift. */
export function accepts({ type, fieldType }: TypePair, forms: readonly Form[]): boolean {
  const allowed = [ofType[type], ofFieldType[fieldType] ?? 'all']
  return forms.every(form => form === 'empty' || allowed.every(list => list === 'all' || list.includes(form)))
}

/** A form that the column takes as it is documented. */
export function usualForm({ type, fieldType }: Pick<Column, 'type' | 'fieldType'>): Form {
  if (fieldType === 'ip') return 'ip'
  if (type === 'dynamic') return fieldType === 'flattened' ? 'object' : 'list of texts'
  const [first = 'text'] = ofType[type]
  return first as Form
}
