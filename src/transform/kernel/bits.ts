/** A bit for each of these kinds. */
export function bits(...kinds: readonly number[]): number {
  return kinds.reduce((all, each) => all | (1 << each), 0)
}
