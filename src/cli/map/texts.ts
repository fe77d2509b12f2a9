import { XdrelayError } from '../../core/errors.ts'

/** One JSON text of the input and the line, from 1, where it starts. */
export interface Text {
  readonly bytes: Buffer
  readonly line: number
}

/** Input that is one JSON text over many lines has to be held whole; V8 parses no more than this. */
const mostBytes = 512 << 20

/**
 * Splits input into JSON texts. If the first line is one, so is every line, and they stream. Otherwise the input is a
 * single text over several lines; if that is not JSON either, these are lines after all, the first of them broken.
 */
export async function* texts(input: AsyncIterable<Buffer>): AsyncGenerator<Text> {
  const held: Text[] = []
  let streaming = false
  let size = 0
  for await (const text of lines(input)) {
    streaming ||= held.length === 0 && isJson(text.bytes.toString())
    if (streaming) {
      yield text
      continue
    }
    held.push(text)
    size += text.bytes.length + 1
    if (size > mostBytes) {
      throw new XdrelayError('input_unreadable', `a JSON text over several lines is larger than ${mostBytes} bytes`)
    }
  }
  if (held.length === 0) return
  const whole = Buffer.concat(held.flatMap(({ bytes }) => [bytes, Buffer.from('\n')]))
  if (isJson(whole.toString())) yield { bytes: whole, line: held[0]!.line }
  else yield* held
}

/** Lines that hold anything, without their line breaks. */
async function* lines(input: AsyncIterable<Buffer>): AsyncGenerator<Text> {
  let parts: Buffer[] = []
  let line = 1
  for await (const piece of input) {
    let start = 0
    for (let end = piece.indexOf(0x0a); end !== -1; end = piece.indexOf(0x0a, start)) {
      parts.push(piece.subarray(start, end))
      yield* nonBlank(parts, line++)
      parts = []
      start = end + 1
    }
    parts.push(piece.subarray(start))
  }
  yield* nonBlank(parts, line)
}

function* nonBlank(parts: readonly Buffer[], line: number): Generator<Text> {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  if (bytes.some(byte => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d)) yield { bytes, line }
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(withoutMark(text))
    return true
  } catch {
    return false
  }
}

/** The same text without a byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text
}
