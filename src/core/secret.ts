import { inspect } from 'node:util'

const redacted = '[redacted]'
/** Values known to be secret, so that they can be struck from text that other libraries wrote. */
const known = new Set<string>()

/** A value that prints as `[redacted]` everywhere; only `reveal` gives it, at the place that needs it. */
export class Secret {
  readonly #value: string
  readonly #file: string | undefined

  /** `file`: the path of a file that holds this secret and nothing else. */
  constructor(value: string, file?: string) {
    this.#value = value
    this.#file = file
    if (value.length >= 6) known.add(value)
    // The key inside a connection string is as secret as the whole, and the part that error texts quote.
    for (const [, key] of value.matchAll(/(?:SharedAccessKey|AccountKey)=([^;]{6,})/gi)) known.add(key!)
  }

  reveal(): string {
    return this.#value
  }

  /** Where it came from, for those who read it again in case it was changed there. */
  get file(): string | undefined {
    return this.#file
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}

const patterns = [
  /(SharedAccessKey|AccountKey|SharedAccessSignature|sig|password|client_secret)=[^;&\s"']+/gi,
  /(authorization: *)?(bearer|apikey|basic) +[\w+/=.~-]{8,}/gi,
]

/** Strikes secrets from text that goes to people: the SDK's own errors quote whole connection strings. */
export function redact(text: string): string {
  let clean = text
  for (const value of known) clean = clean.replaceAll(value, redacted)
  clean = clean.replace(patterns[0]!, `$1=${redacted}`)
  return clean.replace(
    patterns[1]!,
    (_match, header: string | undefined, scheme: string) => `${header ?? ''}${scheme} ${redacted}`,
  )
}
