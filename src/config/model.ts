import { type CollectorSettings, collectorSchemas } from '../collect/kinds.ts'
import type { EventHubOptions } from '../consumer/options.ts'
import type { DeadLetterOptions } from '../output/dead-letter.ts'
import { type KindName, kinds, type OutputConfig } from '../output/kinds.ts'
import type { CommonOptions } from '../output/policy.ts'
import type { CheckpointsOptions } from '../storage/options.ts'
import { type TransformOptions, type TransformSettings, transformOptions } from '../transform/options.ts'
import { type Environment, workloadIdentity } from './environment.ts'
import { camelCase } from './keys.ts'

export interface EventHubSource {
  readonly name: string
  readonly kind: 'event_hub'
  readonly options: EventHubOptions
}

/** A collection of one of Microsoft's APIs. */
export type CollectorSource = { readonly name: string } & CollectorSettings

export type SourceConfig = EventHubSource | CollectorSource

/** Checked, converted, complete and frozen: every part gets its slice and trusts it. */
export interface Config {
  readonly sources: readonly SourceConfig[]
  readonly checkpoints: CheckpointsOptions
  readonly outputs: readonly OutputConfig[]
  readonly deadLetter: DeadLetterOptions
  readonly transform: TransformOptions
  readonly limits: Limits
  readonly admin: { readonly listen: Listen } | null
}

export interface Limits {
  /** Bytes. */
  readonly inFlightBytes: number
  /** Milliseconds. */
  readonly drain: number
}

export interface Listen {
  readonly host: string
  readonly port: number
}

/** The file as its schema gives it: converted, but still with maps of names and texts with an inner form. */
export interface FileOptions extends TransformSettings {
  readonly version: number
  readonly sources: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly checkpoints: CheckpointsOptions
  readonly outputs: Readonly<Record<string, CommonOptions & Readonly<Record<string, unknown>>>>
  readonly deadLetter: DeadLetterOptions
  readonly limits: Limits & TransformSettings['limits']
  /** `null` stands for off, unlike at any other key, where it stands for nothing given. */
  admin: { readonly listen: string } | null
}

/** Only for options without findings. */
export function toConfig(options: FileOptions, env: Environment): Config {
  const { version: _version, sources, checkpoints, outputs, deadLetter, limits, admin, ...rest } = options
  const { inFlightBytes, drain, ...recordLimits } = limits
  return freeze({
    sources: Object.entries(sources).map(([name, source]) => withPlatform(toSource(name, source), env)),
    checkpoints,
    outputs: Object.entries(outputs).map(([name, output]) => toOutput(name, output)),
    deadLetter,
    transform: transformOptions({ ...rest, limits: recordLimits }),
    limits: { inFlightBytes, drain },
    admin: admin && { listen: parseListen(admin.listen)! },
  })
}

function toOutput(name: string, output: FileOptions['outputs'][string]): OutputConfig {
  const kind = kindOf(output)!
  const { required, tables, format, fields, batch } = output
  const options = output[kind] as OutputConfig['options']
  return { name, kind, options, required, tables, format, ...(fields && { fields }), ...(batch && { batch }) }
}

/** The kinds of sources, by the key that names them. */
const sourceKinds = ['event_hub', ...(Object.keys(collectorSchemas) as CollectorSource['kind'][])] as const

/** Only for a source without findings. */
export function toSource(name: string, source: FileOptions['sources'][string]): SourceConfig {
  const kind = sourceKinds.find(each => source[camelCase(each)] !== undefined)!
  // The schema of the kind has checked it.
  return { name, kind, options: source[camelCase(kind)] } as SourceConfig
}

/** A workload identity is as the platform says, unless the file says otherwise. */
function withPlatform(source: SourceConfig, env: Environment): SourceConfig {
  if (source.kind === 'event_hub' || source.options.credential !== 'workload_identity') return source
  return { ...source, options: { ...workloadIdentity(env), ...source.options } } as SourceConfig
}

export function isEventHub(source: SourceConfig): source is EventHubSource {
  return source.kind === 'event_hub'
}

export function isCollector(source: SourceConfig): source is CollectorSource {
  return source.kind !== 'event_hub'
}

/** Undefined for an output with findings. */
export function kindOf(output: Readonly<Record<string, unknown>> | undefined): KindName | undefined {
  return (Object.keys(kinds) as KindName[]).find(kind => output?.[kind] !== undefined)
}

/** `host:port`, with brackets around an IPv6 address. */
export function parseListen(text: string): Listen | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host && port <= 65_535 ? { host, port } : undefined
}

function freeze<T>(value: T): T {
  const isPlain = Array.isArray(value) || (value !== null && Object.getPrototypeOf(value) === Object.prototype)
  if (!isPlain) return value
  for (const each of Object.values(value as object)) freeze(each)
  return Object.freeze(value)
}
