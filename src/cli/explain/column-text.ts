import type { ExplainedColumn } from '../../transform/explain/model.ts'
import { entry, json } from './layout.ts'

const root = /^m365_defender\.[a-z]+\./

/** A vendor field in short: V.device.name. */
export function short(field: string): string {
  return field.replace(root, 'V.')
}

/** A column on one line, or as few as it needs. */
export function columnLines(column: ExplainedColumn, labelWidth: number): string[] {
  return entry(labelOf(column), `${json(column.value, 40)} → ${targets(column).join('; ')}`, labelWidth)
}

export function labelOf({ column, in: where }: ExplainedColumn): string {
  return where === 'envelope' ? `envelope ${column}` : column
}

function targets({ fields, vendor, duplicate_of: duplicate, kept, nothing, type }: ExplainedColumn): string[] {
  const current = [...new Set(fields.filter(({ overwritten }) => !overwritten).map(({ field }) => short(field)))]
  const lost = [...new Set(fields.filter(({ overwritten }) => overwritten).map(({ field }) => short(field)))]
  return [
    ...(current.length === 0 ? [] : [current.join(', ')]),
    ...(lost.length === 0 ? [] : [`overwritten in ${lost.join(', ')}`]),
    ...vendor.map(({ field, type: indexed, converted }) => {
      const remarks = [indexed, ...(converted === null ? [] : [converted])].join(', ')
      return `${short(field)} (${type === null ? `no known column${converted === null ? '' : `, ${converted}`}` : remarks})`
    }),
    ...(duplicate === null ? [] : [current.length === 1 ? 'no copy' : `no copy, as ${short(duplicate)} has it`]),
    ...(kept === null ? [] : [`xdrelay.kept.${kept}`]),
    ...(nothing === null ? [] : [nothing]),
  ]
}

export function emptyLine(columns: readonly ExplainedColumn[]): string[] {
  const empty = columns.filter(({ nothing }) => nothing === 'empty').map(({ column }) => column)
  return empty.length === 0 ? [] : entry('Empty:', empty.join(', '), 6)
}
