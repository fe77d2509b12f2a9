/** ISO 8601 in UTC, the Z sometimes missing, with valid ranges; 29 to 31 are looked at again, because months differ. */
const utc = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z?$/
/** Elasticsearch's `date` takes one of these instead of the Z. */
const offset = /[+-](?:0\d|1[0-7]):[0-5]\d$/
/** A blank for the T, no seconds, no zone (UTC then), a date alone. */
const loose = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)? ?(Z|UTC|[+-]\d\d:?\d\d)?$/i

/** UTC with exactly three digits, cut and not rounded; undefined for what is no date. */
export function toMillis(text: string): string | undefined {
  return isUtc(text) ? cutUtc(text) : looseMillis(text)
}

/** Microseconds since the epoch, cut and not rounded, of a text that `toMillis` takes. */
export function toMicros(text: string): number {
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? ''
  return Date.parse(toMillis(text)!) * 1000 + Number(fraction.slice(3, 6).padEnd(3, '0'))
}

/** Of a text that `isUtc`. */
function cutUtc(text: string): string {
  if (text.length > 24) return `${text.slice(0, 23)}Z`
  if (text.length === 24 && text.endsWith('Z')) return text
  const start = text.replace('Z', '')
  return `${(start.length === 19 ? `${start}.` : start).padEnd(23, '0').slice(0, 23)}Z`
}

/** The text itself where Elasticsearch's `date` takes it, otherwise the same instant written so; undefined for no date. */
export function toDate(text: string): string | undefined {
  if (isUtc(text)) return zoned(text)
  if (offset.test(text) && isUtc(text.slice(0, -6))) return text
  const parts = loose.exec(text)
  const millis = looseMillis(text)
  if (parts === null || millis === undefined) return undefined
  // The digits below a millisecond survive; an offset moves whole minutes only.
  const fraction = parts[4]
  return fraction === undefined ? millis : `${millis.slice(0, 20)}${fraction}Z`
}

/** With its Z; of a text that `isUtc`. */
export function zoned(text: string): string {
  return text.endsWith('Z') ? text : `${text}Z`
}

/** The form that the service sends: ISO 8601 with a T, and mostly with a Z. */
export function isUtc(text: string): boolean {
  if (!utc.test(text)) return false
  const tens = text.charCodeAt(8)
  return tens < 0x32 || (tens === 0x32 && text.charCodeAt(9) < 0x39) || existingDay(text)
}

function looseMillis(text: string): string | undefined {
  const parts = loose.exec(text)
  if (parts === null || !existingDay(text)) return undefined
  const [, day, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = parts
  const shift = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const written = `${day}T${time}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${shift.length === 6 ? shift : 'Z'}`
  const instant = Date.parse(written)
  // 24:00:00 and years outside of four digits have no place in the form that is promised.
  if (Number.isNaN(instant) || written.slice(11, 13) === '24') return undefined
  const iso = new Date(instant).toISOString()
  return iso.length === 24 ? iso : undefined
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function existingDay(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const last = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  return month >= 1 && month <= 12 && day >= 1 && day <= last
}
