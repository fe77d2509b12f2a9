import { path, plain, text } from './kinds.ts'

/** A bit for each of these kinds. */
export function bits(...kinds: readonly number[]): number {
  return kinds.reduce((all, each) => all | (1 << each), 0)
}

/** Texts whose bytes, quotes included, are what JSON.stringify would write. */
export const texts = bits(plain, path, text)
