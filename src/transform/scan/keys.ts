import type { Kernel } from '../kernel/kernel.ts'

/** Names that may be keys of records, known to the kernel by numbers. */
export interface Keys {
  /** -1 for a name that the kernel does not know. */
  envelope(name: string): number
  column(name: string): number
  /** How many columns there are. */
  readonly columns: number
}

/**
 * Makes these names known to the kernel. At most 30,000; those that JSON has to escape, or beyond ASCII, are left out: they
 * are found by nobody.
 */
export function createKeys(kernel: Kernel, envelope: Iterable<string>, columns: Iterable<string>): Keys {
  const [ofEnvelope, ofColumns] = [usable(envelope), usable(columns)]
  const { run } = kernel
  run.makeKeys(ofEnvelope.length, ofColumns.length)
  const add = (isColumn: boolean, names: readonly string[]): ReadonlyMap<string, number> =>
    new Map(
      names.map(name => {
        const { from, to } = kernel.putText(`"${name}":`)
        return [name, run.addKey(isColumn, from, to - from)]
      }),
    )
  const [envelopeIds, columnIds] = [add(false, ofEnvelope), add(true, ofColumns)]
  const idOf = (ids: ReadonlyMap<string, number>) => (name: string) => ids.get(name) ?? -1
  const keys = { envelope: idOf(envelopeIds), column: idOf(columnIds), columns: ofColumns.length }
  run.nameKeys(keys.envelope('category'), keys.envelope('properties'))
  return keys
}

function usable(names: Iterable<string>): string[] {
  return [...new Set(names)].filter(name => /^[\x20-\x7e]{1,200}$/.test(name) && !/["\\]/.test(name))
}
