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
    return loadRuleFiles().map(({ file, rules }) => {
      const unreached = rules.map(rule => this.#unreached(rule))
      const reached = unreached.filter(fields => fields.length === 0).length
      return { file, rules: rules.length, reached, unreached: unreached.flat() }
    })
  }

  #unreached(rule: Rule): Unreached[] {
    const { file, line } = rule.place
    return fieldsOfRule(rule, true)
      .filter(field => !this.#seen.has(`${file}:${line} ${field}`))
      .map(field => ({ line, field }))
  }
}
