/**
 * How a part describes its configuration. The description stands beside the part; `config.ts` gathers, checks and
 * converts: keys listed in `properties` are snake_case in the file and camelCase in the options object, defaults are
 * filled in, and these formats are converted after validation:
 *
 * | format     | in the file              | in the options                                   |
 * | ---------- | ------------------------ | ------------------------------------------------ |
 * | `bytes`    | `64MiB`, `10MB`, `4096`  | number of bytes                                  |
 * | `duration` | `5s`, `250ms`, `2m`, `1h`| number of milliseconds                           |
 * | `secret`   | text                     | `Secret`                                         |
 * | `path`     | text                     | absolute path, relative to the file's folder     |
 * | `url`      | text                     | the same text, checked to be an http(s) address  |
 * | `start`    | earliest, latest or time | 'earliest', 'latest' or a `Date`                 |
 */
export type OptionFormat = 'bytes' | 'duration' | 'secret' | 'path' | 'url' | 'start'

export interface OptionSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly description?: string
  readonly format?: OptionFormat
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly default?: unknown
  readonly items?: OptionSchema
  readonly properties?: Readonly<Record<string, OptionSchema>>
  readonly required?: readonly string[]
  /** A map from names that the user chooses (sources, outputs): the schema of each value. Otherwise unknown keys are errors. */
  readonly named?: OptionSchema
  /** Exactly one of these keys must be present (the kind of a source or an output). */
  readonly oneOf?: readonly string[]
}

/** What is wrong between the fields of a part of the configuration. `path` is relative to that part, as in the file. */
export interface Problem {
  readonly path: string[]
  readonly message: string
  readonly fix: string
}
