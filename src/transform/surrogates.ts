/** Whether the JSON text escapes a surrogate anywhere. Searches for fixed texts are faster than one expression. */
export function hasSurrogateEscape(text: string): boolean {
  if (!text.includes('\\u')) return false
  return text.includes('\\ud') || text.includes('\\uD')
}

/** Whether `replaceLoneSurrogates` changes the JSON text. */
export function hasLoneSurrogate(text: string): boolean {
  return hasSurrogateEscape(text) && replaceLoneSurrogates(text) !== text
}

/** A pair, or one half alone, or any other escape: taking each whole keeps `\\ud800` (a backslash and five letters) as it is. */
const escapes = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs

/** The JSON text with U+FFFD for every escaped half of a surrogate pair that stands alone, in keys and in values. */
export function replaceLoneSurrogates(text: string): string {
  return text.replace(escapes, (whole, lone: string | undefined) => (lone === undefined ? whole : '\\ufffd'))
}
