import type { conversions } from '../mapping/convert.ts'
import type { Place, Rule, Source } from '../mapping/rule.ts'
import { runtime } from '../mapping/runtime.ts'
import { scalarText } from '../mapping/values.ts'
import { absences, list, sourceName } from './absence.ts'
import type { Facts, Ground } from './facts.ts'
import type { RuleVerdict } from './verdict.ts'

/** Rules and what they found, in words. Values are quoted as JSON, cut where they are long. */

const asWords: Record<keyof typeof conversions, string> = {
  text: 'as text',
  lower: 'in lower case',
  action: 'in lower case with hyphens',
  long: 'as a number',
  digits: 'as digits',
  boolean: 'as a boolean',
  date: 'as a UTC date',
  ip: 'as an IP address',
  mac: 'as a MAC address',
  list: 'as a list',
  json: 'parsed from JSON',
  os_type: 'as the type of system it names',
  platform_type: 'as the type of system it names',
  spaced: 'with blanks between',
  vulnerability_title: 'as a title',
  interface_ips: 'the IP addresses in it',
  interface_macs: 'the MAC addresses in it',
  country_code: 'as a country code',
  cvss_score: 'as a CVSS score',
  geo_point: 'as one point',
  nanoseconds: 'in nanoseconds',
  cve_url: 'as the address of the CVE',
  api_name: 'without ApiCall at its end',
  first_argument: 'its first argument',
  first_word: 'its first word',
  user_names: 'the user names in it',
  authors: 'who wrote the comments',
  duration: 'as the time between them',
  words: 'its texts',
  full_path: 'as one path',
  entity_id: 'as the fingerprint of a process',
  registry_path: 'as one registry path',
  dns_answers: 'as DNS answers',
  dns_flags: 'as DNS flags',
}

const nothingWords: Readonly<Record<string, string>> = {
  map: 'is none of the values that the rule translates',
  date: 'is no date',
  ip: 'is no IP address',
  long: 'is no whole number of 64 bits',
  digits: 'is no whole number of 64 bits',
  boolean: 'is no boolean',
  os_type: 'names no known system',
  platform_type: 'names no known system',
  interface_ips: 'holds no IP addresses',
  interface_macs: 'holds no MAC addresses',
  country_code: 'is no code of two letters',
  cvss_score: 'is no number from 0 to 10',
  geo_point: 'is no point',
  nanoseconds: 'is no number of milliseconds',
  cve_url: 'is no CVE id',
  user_names: 'holds no user names',
  authors: 'holds no comments with a name',
  duration: 'are no dates, one after the other',
  techniques: 'has no id of a technique',
  attack: 'names no technique',
  address: 'is no address of a mailbox',
}

export function placeName({ file, line }: Place): string {
  return `${file}:${line}`
}

/** What a rule does to the value it reads, one step each; `part` is that of the split. */
export function steps({ constant, as, map, split }: Rule, part: string): string[] {
  if (constant !== undefined) return ['a constant']
  const names = as as readonly (keyof typeof conversions)[]
  return [
    ...names.map(name => asWords[name]),
    ...(map === undefined ? [] : ['translated']),
    ...(split === undefined ? [] : [`its part ${part}`]),
  ]
}

/** Why the rule's condition holds; nothing where the table alone is the reason. */
export function because({ when }: Rule, facts: Facts): { because: string[]; and_not: string[] } {
  const grounds = when === undefined ? [] : facts.grounds(when).filter(({ atom }) => !('table' in atom))
  const failing = grounds.filter(({ holds }) => !holds)
  const compared = new Set(failing.map(({ atom }) => 'comparison' in atom && sourceName(atom.source)))
  // Of a value that is compared it need not be said that it is there.
  const holding = grounds.filter(({ atom, holds }) => holds && !('has' in atom && compared.has(sourceName(atom.has))))
  return { because: groundsWords(holding, facts), and_not: groundsWords(failing, facts) }
}

/** Of a rule that the table rules out: nothing else about its condition matters. */
function otherTables(rule: Rule, facts: Facts): string[] {
  const grounds = facts.grounds(rule.when!)
  const tables = grounds.flatMap(({ atom, holds }) => ('table' in atom && !holds ? atom.table : []))
  return tables.length === 0 ? groundsWords(grounds, facts) : [`for ${list([...new Set(tables)], 'and')} only`]
}

/** One text for each thing that is read: what it is says also that it is there. What is absent comes last, together. */
function groundsWords(grounds: readonly Ground[], facts: Facts): string[] {
  const said = new Map<string, string>()
  const absent: Source[] = []
  for (const ground of grounds) {
    const source = sourceOf(ground.atom)
    const name = source === undefined ? 'the table' : sourceName(source)
    const isAbsent = source !== undefined && source.kind !== 'field' && facts.value(source) === undefined
    if (isAbsent && 'has' in ground.atom) absent.push(source)
    else if (!said.has(name) || !('has' in ground.atom)) said.set(name, groundWords(ground, facts))
  }
  return [...said.values(), ...absences(absent, facts)]
}

function sourceOf(atom: Ground['atom']): Source | undefined {
  if ('table' in atom) return undefined
  return 'has' in atom ? atom.has : atom.source
}

/** Why the rule does nothing; empty for one that fires. `setBy` names the rule that gave a field its value. */
export function whyNot({ rule, verdict }: RuleVerdict, facts: Facts, setBy: (field: string) => string): string[] {
  switch (verdict.kind) {
    case 'fires':
      return []
    case 'condition':
      return verdict.byTable ? otherTables(rule, facts) : groundsWords(facts.grounds(rule.when!), facts)
    case 'no_value': {
      const known = rule.sources.filter(source => facts.knows(source))
      return absences(known.length > 0 ? known : rule.sources, facts)
    }
    case 'held_back':
      return [`${verdict.field} has a value already, by ${setBy(verdict.field)}`]
    case 'no_result': {
      const missing = rule.sources.filter((_source, index) => rule.together && verdict.given[index] === undefined)
      if (missing.length > 0) return absences(missing, facts)
      const given = verdict.given.map(quoted).join(', ')
      return [`${given} ${nothingWords[verdict.step] ?? `gives nothing ${stepWords(verdict.step)}`}`]
    }
  }
}

function stepWords(step: string): string {
  return Object.hasOwn(asWords, step) ? asWords[step as keyof typeof asWords] : `as ${step.replaceAll('_', ' ')}`
}

function groundWords({ atom, holds }: Ground, facts: Facts): string {
  if ('table' in atom) {
    const table = facts.plan.table || 'unknown'
    return holds ? `the table is ${table}` : `the table is ${table}, not ${list(atom.table, 'or')}`
  }
  if ('has' in atom) {
    return holds ? `${sourceName(atom.has)} has a value` : absences([atom.has], facts)[0]!
  }
  const { source, comparison, values } = atom
  const value = source.kind === 'field' ? undefined : facts.value(source)
  if (value === undefined) return `${absences([source], facts)[0]}, so not ${either(values)}`
  const found = `${sourceName(source)} is ${quoted(value)}`
  if (comparison === 'is' || comparison === 'one_of') return holds ? found : `${found}, not ${either(values)}`
  const [does, doesNot] = verbs[comparison]
  if (!holds) return `${found}, which ${doesNot} ${either(values)}`
  const text = runtime.lower(value)
  if (values.includes(text)) return found
  return `${found}, which ${does} ${either(comparison === 'list_has' ? values : values.filter(word => text.includes(word)))}`
}

const verbs = {
  contains: ['contains', 'does not contain'],
  starts: ['starts with', 'does not start with'],
  ends: ['ends with', 'does not end with'],
  list_has: ['has', 'does not have'],
} as const

/** `"a", "b" or "c"`. */
function either(values: readonly string[]): string {
  return list(values.map(quoted), 'or')
}

const longest = 80

/** JSON text of a value, cut. */
function quoted(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : (scalarText(value) ?? JSON.stringify(value) ?? 'nothing')
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}
