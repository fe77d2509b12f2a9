import { hash } from 'node:crypto'
import type { Dataset, Origin } from '../core/types.ts'
import { exactDigits, isExactNumber } from './digits.ts'
import { flat } from './flat.ts'
import { scalarText } from './mapping/values.ts'
import type { Envelope } from './message.ts'

/**
 * Ids by position: `1bk0q7v2m4x9c-0-1234-17` is record 17 of message 1234 of partition 0; the first part stands for
 * namespace, hub and partition. The same record read again, by whatever consumer group, gets the same id.
 */
export function positionPrefix({ namespace, eventHub, partitionId }: Origin): string {
  // Azure takes both names in any case.
  const stream = [namespace.toLowerCase(), eventHub.toLowerCase(), partitionId].join('\n')
  return `${digest(stream, 16)}-${partitionId.replace(/[^A-Za-z0-9]/g, '_').slice(0, 40)}`
}

export function positionId(prefix: string, sequenceNumber: number, record: number): string {
  return `${prefix}-${sequenceNumber}-${record}`
}

/**
 * An id by content: of tenant, category and properties, whatever the order of their keys. What the service sends twice
 * gets one id; what differs by position or time of receipt only, too. Recurses: a RangeError means too deep.
 */
export function contentId({ envelope, category, properties }: Envelope): string {
  return digest([envelope.tenantId ?? null, category, properties].map(canonical).join('\n'), 32)
}

/**
 * The id of one version of what an API gives: of its dataset and these parts. Where a part that names it is missing the
 * whole `content` takes its place, so that two different ones never share an id. Recurses: a RangeError means too deep.
 */
export function versionId(dataset: Dataset, naming: readonly unknown[], further: readonly unknown[], content: unknown) {
  const isNamed = naming.every(part => scalarText(part) !== undefined)
  const parts = isNamed ? [...naming, ...further] : [content, ...further]
  return digest([dataset, ...parts.map(part => canonical(part ?? null))].join('\n'), 32)
}

/** The id of an item of an API, whatever its version. An item without one is told apart by its whole content. */
export function itemId(dataset: Dataset, id: unknown, content: unknown): string {
  const text = scalarText(id)
  if (text !== undefined && /^[A-Za-z0-9_-]{1,200}$/.test(text)) return text
  return digest([dataset, text ?? canonical(content)].join('\n'), 32)
}

/** The first `hexDigits` of SHA-256 in letters and digits only: safe in URLs, file names and as an argument. */
function digest(text: string, hexDigits: number): string {
  const number = BigInt(`0x${hash('sha256', text, 'hex').slice(0, hexDigits)}`)
  return flat(number.toString(36).padStart(Math.ceil((hexDigits * 4) / Math.log2(36)), '0'))
}

/** One text for all spellings of a JSON value. */
function canonical(value: unknown): string {
  if (isExactNumber(value)) return exactDigits(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`
}
