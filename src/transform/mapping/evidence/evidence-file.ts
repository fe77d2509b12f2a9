import type { Dataset } from '../../../core/types.ts'
import { readRule } from '../read-rule.ts'
import type { Place, Rule } from '../rule.ts'
import { isObject, isTexts, readYaml, ruleError, type YamlFile } from '../yaml-file.ts'

/** The datasets whose items have evidence. */
export type WithEvidence = Extract<Dataset, 'alert' | 'incident'>

/** A rule as it is applied to one item of evidence: its sources are keys of the item, with dots for what is inside. */
export interface EvidenceRule {
  readonly rule: Rule & { readonly add: string }
  /** Absent: all kinds, unknown ones included. */
  readonly kinds?: ReadonlySet<string>
  readonly dataset?: WithEvidence
}

/** When the vendor copy of a key goes, if a field has all of its value. */
export type Duplicate = boolean | 'always' | WithEvidence

interface KeyEntry {
  readonly name?: string
  readonly type?: string
  readonly duplicate?: Duplicate
}

export interface EvidenceFile {
  readonly file: string
  readonly rules: readonly EvidenceRule[]
  /** Fields whose values are sorted. */
  readonly sorted: ReadonlySet<string>
  /** By key path. */
  readonly keys: ReadonlyMap<string, KeyEntry>
  /** Keys of objects whose own keys stay as they are. */
  readonly open: ReadonlySet<string>
  place(...path: (string | number)[]): Place
}

const known = new Set(['family', 'rules', 'sorted', 'keys', 'open'])
const marks = new Set<unknown>([undefined, true, false, 'always', 'alert', 'incident'])

/** Throws an error with file and line for anything that is wrong. */
export function readEvidenceFile(yaml: YamlFile = readYaml('api/evidence.yaml')): EvidenceFile {
  for (const key of Object.keys(yaml.data)) if (!known.has(key)) throw ruleError(yaml.place(key), `unknown key ${key}`)
  const { rules, sorted, keys, open } = yaml.data
  if (!Array.isArray(rules)) throw ruleError(yaml.place('rules'), 'rules is a list')
  if (!isTexts(sorted)) throw ruleError(yaml.place('sorted'), 'sorted is a list of fields')
  if (!isTexts(open)) throw ruleError(yaml.place('open'), 'open is a list of keys')
  if (!isObject(keys)) throw ruleError(yaml.place('keys'), 'keys is a mapping')
  return {
    file: yaml.file,
    rules: rules.flatMap((row, index) => readRow(row, yaml.place('rules', index))),
    sorted: new Set(sorted),
    keys: new Map(Object.entries(keys).map(([key, row]) => [key, readKey(row, yaml.place('keys', key))])),
    open: new Set(open),
    place: (...path) => yaml.place(...path),
  }
}

/** The rules that are applied to the evidence of a dataset's alerts. */
export function evidenceRules(dataset: Dataset, { rules } = readEvidenceFile()): readonly EvidenceRule[] {
  if (dataset !== 'alert' && dataset !== 'incident') return []
  return rules.filter(rule => rule.dataset === undefined || rule.dataset === dataset)
}

/** A row becomes one rule for each field that it adds to. */
function readRow(row: unknown, place: Place): EvidenceRule[] {
  if (!isObject(row)) throw ruleError(place, 'a rule is a mapping')
  const { kind, dataset, add, ...rest } = row
  const kinds = kind === undefined ? undefined : texts(kind, 'kind', place)
  if (dataset !== undefined && dataset !== 'alert' && dataset !== 'incident') {
    throw ruleError(place, 'dataset is alert or incident')
  }
  if (['to', 'split', 'when', 'copy', 'unless_set'].some(key => key in rest)) {
    throw ruleError(place, 'a rule for evidence adds to fields, for a kind or a dataset')
  }
  return texts(add, 'add', place).map(field => ({
    rule: { ...readRule({ ...rest, add: field }, place, new Map(), 'alert'), add: field },
    ...(kinds === undefined ? {} : { kinds: new Set(kinds) }),
    ...(dataset === undefined ? {} : { dataset }),
  }))
}

function readKey(row: unknown, place: Place): KeyEntry {
  if (typeof row === 'string') return { name: row }
  if (!isObject(row)) throw ruleError(place, 'a name or a mapping is expected')
  const wrong = Object.keys(row).find(key => !['name', 'type', 'duplicate'].includes(key))
  if (wrong !== undefined) throw ruleError(place, `unknown key ${wrong}`)
  if (!marks.has(row.duplicate)) throw ruleError(place, 'duplicate is true, always, alert or incident')
  return row as KeyEntry
}

function texts(value: unknown, what: string, place: Place): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (!isTexts(list) || list.length === 0) throw ruleError(place, `${what} is a text or a list of texts`)
  return list
}
