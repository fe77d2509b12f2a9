import type { Proposal, TableProposal } from '../../transform/mapping/proposal/propose.ts'

/** What to paste where. A line that starts with `---` names the place, the lines up to the next one are the text. */
export function snippets({ tables, envelope, remarks }: Proposal): string[] {
  const columns = Object.assign({}, ...tables.map(({ names }) => names.columns))
  const perTable = tables.filter(({ names }) => Object.keys(names.table).length > 0)
  const files = Map.groupBy(
    tables.flatMap(table => table.rules),
    ({ file }) => file,
  )
  const notes = [...tables.flatMap(each => each.remarks.map(remark => `${each.table}.${remark}`)), ...remarks]
  return [
    ...tables.flatMap(schema),
    ...block(`rules/names.yaml, under columns:`, rows(columns, '  ')),
    ...perTable.flatMap(({ table, names }) =>
      block(`rules/names.yaml, under tables: (or under ${table} there)`, [`  ${table}:`, ...rows(names.table, '    ')]),
    ),
    ...block(`rules/names.yaml, under envelope:`, rows(envelope, '  ')),
    ...[...files].flatMap(([file, all]) =>
      block(
        `rules/${file}, at the end`,
        all.map(({ rule }) => `  - ${flow(rule)}`),
      ),
    ),
    ...block('to know', notes),
  ]
}

/** A column a line, as one reads them. */
function schema({ table, isNew, schema: { properties, ...frame } }: TableProposal): string[] {
  const columns = Object.entries(properties).map(
    ([column, type]) => `    ${JSON.stringify(column)}: ${JSON.stringify(type)}`,
  )
  const text = columns.join(',\n')
  if (!isNew) return block(`schemas/${table}.json, under "properties", instead of any of the same name`, [text])
  const [head] = JSON.stringify(frame, null, 2).split('\n}')
  return block(`schemas/${table}.json, a new file`, [`${head},\n  "properties": {\n${text}\n  }\n}`])
}

function block(place: string, lines: readonly string[]): string[] {
  return lines.length === 0 || lines.join('') === '' ? [] : ['', `--- ${place}`, ...lines.join('\n').split('\n')]
}

function rows(entries: object, indent: string): string[] {
  return Object.entries(entries).map(([key, row]) => `${indent}${key}: ${flow(row)}`)
}

/** YAML in one line, quoted where it has to be. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${flow(key)}: ${flow(item)}`)
    return `{ ${entries.join(', ')} }`
  }
  return typeof value === 'string' && isPlain(value) ? value : JSON.stringify(value)
}

function isPlain(text: string): boolean {
  return /^[A-Za-z][\w.-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
}
