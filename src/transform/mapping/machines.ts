import { parseText } from './text-json.ts'
import { member, scalarText } from './values.ts'

/** In this order: the first that the name of a platform contains. */
const systems = [
  ['linux', 'linux'],
  ['macos', 'macos'],
  ['unix', 'unix'],
  ['windows', 'windows'],
  ['ios', 'ios'],
  ['android', 'android'],
  ['centos', 'linux'],
  ['ubuntu', 'linux'],
] as const

/** The kind of system that the name of a platform tells, as ECS has them. */
export function toPlatformType(value: unknown): string | undefined {
  const text = scalarText(value)?.toLowerCase()
  return systems.find(([part]) => text?.includes(part))?.[1]
}

/** Texts with a blank between them; without those that are missing. */
export function toSpaced(...values: unknown[]): string | undefined {
  const texts = values.map(scalarText).filter(text => text !== undefined)
  return texts.length === 0 ? undefined : texts.join(' ')
}

/** `Vulnerability found in chrome 133.0 - CVE-2026-10001`, without what is missing. */
export function toVulnerabilityTitle(software: unknown, version: unknown, id: unknown): string | undefined {
  const where = toSpaced(software, version)
  const what = scalarText(id)
  if (where === undefined && what === undefined) return undefined
  return `Vulnerability found${where === undefined ? '' : ` in ${where}`}${what === undefined ? '' : ` - ${what}`}`
}

/** One member of each entry of a list of network interfaces, given as JSON text or as it is. */
export function ofInterfaces(value: unknown, key: string, convert: (value: unknown) => string | undefined) {
  const list = typeof value === 'string' ? parseText(value) : value
  if (!Array.isArray(list)) return undefined
  const found = list.map(entry => convert(member(entry, key))).filter(text => text !== undefined)
  return found.length === 0 ? undefined : found
}
