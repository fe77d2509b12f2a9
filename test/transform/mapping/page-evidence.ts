import { readEvidenceFile } from '../../../src/transform/mapping/evidence/evidence-file.ts'
import { type Keys, readEvidenceKeys } from '../../../src/transform/mapping/evidence/keys.ts'
import { readYaml } from '../../../src/transform/mapping/yaml-file.ts'
import { tableOf } from './page.ts'
import { code, conversionWords, listOf, sourceWords } from './page-words.ts'

type Row = Readonly<Record<string, unknown>>

const file = readEvidenceFile()
const rulesFolder = '../src/transform/mapping/rules'

/** The rules for evidence by the field that they add to. */
export function evidenceSection(): string {
  const rows = readYaml(file.file).data.rules as Row[]
  const lines = rows.flatMap((row, index) => {
    const { line } = file.place('rules', index)
    const link = `[${line}](${rulesFolder}/${file.file}#L${line})`
    const kinds = listOf(row.kind).map(code).join(', ')
    const dataset = row.dataset === undefined ? '' : `${row.dataset}s`
    return listOf(row.add).map(field => {
      const isSorted = file.sorted.has(String(field)) ? 'sorted' : ''
      const how = [conversionWords(row, ''), isSorted].filter(words => words !== '').join('; ')
      return `| ${[code(field), sourceWords(row), how, kinds, dataset, link].join(' | ')} |\n`
    })
  })
  const head = ['field', 'from', 'conversion', 'kinds of evidence', 'only in', 'rule']
  return `### api/evidence\n\n${tableOf(head, lines.sort(byField))}`
}

const fieldIn = (line: string) => line.split('`')[1]!
const byField = (a: string, b: string) => (fieldIn(a) < fieldIn(b) ? -1 : fieldIn(a) > fieldIn(b) ? 1 : 0)

/** What is kept of each key of evidence. */
export function evidenceIndex(): string {
  const lines = linesOf(readEvidenceKeys(file).root, '')
  const head = ['key', 'field', 'type', 'objects', 'duplicate']
  return `### m365_defender.alert.evidence\n\n${tableOf(head, lines.sort())}`
}

function linesOf({ byKey }: Keys, prefix: string): string[] {
  return [...byKey.values()].flatMap(({ path, name, inner, scalar, hasObjects, duplicate }) => {
    if (inner !== undefined) return linesOf(inner, `${prefix}${name}.`)
    const objects = !hasObjects ? '' : scalar === undefined ? 'flattened' : code(`${prefix}${name}_fields`)
    const mark = { true: 'yes', false: '', always: 'always', alert: 'in alerts', incident: 'in incidents' }
    return [`| ${[path, code(prefix + name), scalar ?? '', objects, mark[`${duplicate}`]].join(' | ')} |\n`]
  })
}
