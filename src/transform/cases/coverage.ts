import { datasets } from '../mapping/datasets.ts'
import { readEvidenceFile } from '../mapping/evidence/evidence-file.ts'
import type { Observer } from '../mapping/observer.ts'
import { fieldsOfRule, type Rule } from '../mapping/rule.ts'
import { loadRuleFiles } from '../mapping/rule-files.ts'

/** A field that a rule sets, and no case has shown. */
export interface Unreached {
  readonly line: number
  readonly field: string
}

export interface FileCoverage {
  readonly file: string
  readonly rules: number
  readonly reached: number
  readonly unreached: readonly Unreached[]
}

/** Which rules the cases reach. One with several fields, or parts of a split, is reached when each of these was set. */
export class Coverage implements Observer {
  readonly #seen = new Set<string>()

  rule({ place }: Rule, field: string): void {
    this.#seen.add(`${place.file}:${place.line} ${field}`)
  }

  begin(): void {}
  vendor(): void {}
  other(): void {}

  files(): FileCoverage[] {
    const evidence = readEvidenceFile()
    const all = [...datasets.flatMap(loadRuleFiles), { ...evidence, rules: evidence.rules.map(({ rule }) => rule) }]
    const files = Map.groupBy(all, ({ file }) => file)
    return [...files].map(([file, readings]) => {
      // A file for several datasets was read for each; what one of them reaches need not be reached by the others.
      const rules = readings[0]!.rules.map((_rule, index) => readings.map(reading => reading.rules[index]!))
      const unreached = rules.map(same => this.#unreached(same))
      const reached = unreached.filter(fields => fields.length === 0).length
      return { file, rules: rules.length, reached, unreached: unreached.flat() }
    })
  }

  /** One rule as each dataset has it: its vendor fields differ. */
  #unreached(same: readonly Rule[]): Unreached[] {
    const { file, line } = same[0]!.place
    const fields = same.map(rule => fieldsOfRule(rule, true))
    const isSeen = (index: number) => fields.some(each => this.#seen.has(`${file}:${line} ${each[index]}`))
    return fields[0]!.flatMap((field, index) => (isSeen(index) ? [] : [{ line, field }]))
  }
}
