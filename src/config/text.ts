import { readFileSync } from 'node:fs'

/** Throws where it is not UTF-8, rather than put other letters in the place of those that are wrong. */
export function readText(path: string | number): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
}

/** Whether this is why `readText` threw: the file is there and may be read, so it says nothing about either. */
export function isNoText(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
}
