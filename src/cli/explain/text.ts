import type { ExplainedColumn } from '../../transform/explain/model.ts'
import type { Answer } from './answer.ts'
import { columnLines, emptyLine, labelOf } from './column-text.ts'
import { fieldLines, questionLines } from './field-text.ts'
import type { DeadLetterLine } from './input.ts'
import { entry, heading, remark, title } from './layout.ts'

/** The answer for people. `wanted` is the field or column that was asked for. */
export function answerLines(answer: Answer, wanted: string | undefined): string[] {
  if (answer.reject !== null) return [...headLines(answer), ...rejectLines(answer.reject)]
  if (wanted !== undefined) return questionLines(answer, wanted)
  return [
    ...headLines(answer),
    ...section('FIELDS', answer.fields.flatMap(fieldLines), 'what each was made from, and by which rule'),
    ...section('COLUMNS', columnsText(answer.columns), `V. stands for m365_defender.${answer.input.dataset}.`),
    ...section('DRIFT', answer.drift.flatMap(driftLines), 'nothing is lost by it'),
    ...section('OUTPUTS', answer.outputs.flatMap(outputLines)),
  ]
}

function section(name: string, lines: readonly string[], note = ''): string[] {
  return lines.length === 0 ? [] : [...heading(name, note), ...lines]
}

const labelWidth = 11

function headLines({ envelope, id, input, reject }: Answer): string[] {
  const { dead_letter: letter, line, dataset, record_index: record } = input
  const isEvent = dataset === 'event'
  const byContent = isEvent
    ? ' (of the content; a run takes the position in the hub)'
    : ' (a run may know another time of the page)'
  const rows: readonly (readonly [string, unknown])[] = [
    ...(envelope === null ? [] : tableRows(envelope)),
    ['input', `line ${line}, ${isEvent ? 'records' : 'value'}[${record}]`],
    ...(letter === null ? [] : letterRows(letter)),
    ['document', id && `${id.value}${id.in_run ? '' : byContent}`],
  ]
  const name = envelope === null ? `Not ${isEvent ? 'a record' : 'an item'}` : envelope.table
  return [
    title(reject === null ? name : `${name}: rejected`),
    ...rows.flatMap(([label, value]) => (value === null ? [] : entry(label, String(value), labelWidth))),
  ]
}

function letterRows(letter: DeadLetterLine): [string, string][] {
  const { event_hub: hub, partition_id: partition, sequence_number: sequence, enqueued_time: time, source } = letter
  const { reason, detail, output, dataset } = letter
  const hubPosition = `${hub} (source ${source}), partition ${partition}, sequence number ${sequence}, enqueued ${time}`
  return [
    ['position', dataset === undefined ? hubPosition : `source ${source}, page ${sequence} of ${time}`],
    ['rejected', `${reason}: ${detail}${output === undefined ? '' : ` (by the output ${output})`}`],
  ]
}

function tableRows({
  dataset,
  category,
  recognised,
  schema,
  time,
  tenant,
}: NonNullable<Answer['envelope']>): [string, unknown][] {
  if (dataset !== 'event') return [['dataset', dataset]]
  const how = {
    known: 'a known table',
    case: `known as ${schema}`,
    unknown: 'an unknown table, mapped by generic.yaml',
  }
  return [
    ['category', `${category} (${how[recognised]})`],
    ['time', time],
    ['tenant', tenant],
  ]
}

function rejectLines(reject: NonNullable<Answer['reject']>): string[] {
  const { reason, detail, pointer, bytes, around, needed, dead_letters: folder } = reject
  const { text, caret } = around
  return [
    ...section('WHY', [
      ...entry('reason', reason, labelWidth),
      ...entry('detail', detail, labelWidth),
      ...entry('pointer', pointer === '' ? 'the whole message' : pointer, labelWidth),
      ...entry('bytes', `${bytes} in all, ${caret === null ? 'from the start' : 'around the place'}:`, labelWidth),
      ...remark(text.replaceAll(' ', '\u00a0'), '', 6),
      ...(caret === null ? [] : remark(`${'\u00a0'.repeat(caret)}^`, '', 6)),
      ...entry('needed', needed, labelWidth),
    ]),
    ...section('OUTPUTS', [
      ...entry('dead letter', folder ?? 'the record goes there with its bytes, and to no output', labelWidth),
    ]),
  ]
}

function columnsText(columns: readonly ExplainedColumn[]): string[] {
  const full = columns.filter(({ nothing }) => nothing !== 'empty')
  const widest = Math.min(32, Math.max(...full.map(column => labelOf(column).length), 0))
  return [...full.flatMap(column => columnLines(column, widest)), ...emptyLine(columns)]
}

function driftLines({ kind, table, column, expected, forms }: Answer['drift'][number]): string[] {
  // The columns of a new table stand among the columns.
  if (kind === 'new_table' && column !== '') return []
  const found = Object.keys(forms).join(', ')
  const what = {
    new_table: `${table} is no known table`,
    new_column: `${column} is no known column of ${table}; found: ${found}`,
    type_change: `${column}: expected ${expected}, found ${found}`,
  }
  return entry(kind.replace('_', ' '), what[kind], labelWidth)
}

function outputLines({ output, takes, detail }: Answer['outputs'][number]): string[] {
  return entry(output, takes ? detail : `does not take it: ${detail}`, labelWidth)
}
