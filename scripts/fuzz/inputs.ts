import { createGenerator, type Generator } from '../../src/emulator/generator/generator.ts'
import { Random } from '../../src/emulator/generator/random.ts'
import { documentedTables } from '../../src/emulator/generator/tables.ts'
import { messageOf } from './invariants.ts'
import { hostileValues, mutateBytes, mutateStructure } from './mutate.ts'

/** An endless row of batches: records of all tables as the service sends them, with something wrong with most. */
export function createInputs(seed: string): () => Uint8Array[] {
  const random = new Random(seed)
  const tables = [...documentedTables().keys()]
  const generators = [false, true].map(native => createGenerator({ seed, tables, native }))
  const broken = generators[0]!.brokenMessages().filter(({ body }) => body.length < 100_000)
  return () =>
    Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => {
      if (random.chance(0.1)) return sparseBody(random)
      if (random.chance(0.02)) return mutateBytes(random.pick(broken).body, random)
      return mutated(nextBody(random.pick(generators), random), random)
    })
}

/** Records with one or two columns: beside many others, the loss of a value may go unseen. */
function sparseBody(random: Random): Uint8Array {
  const tables = [...documentedTables().values()]
  const records = Array.from({ length: 20 }, () => {
    const { name: table, columns } = random.pick(tables)
    const some = [random.pick(columns), random.pick(columns)].slice(random.below(2))
    const members = some.map(({ name }) => `"${name}":${random.pick(hostileValues)}`)
    return Buffer.from(`{"category":"AdvancedHunting-${table}","properties":{${members.join()}}}`)
  })
  return messageOf(...records)
}

function nextBody(generator: Generator, random: Random): Uint8Array {
  const records = Array.from({ length: random.between(1, 5) }, () => Buffer.from(generator.nextRecord()))
  return messageOf(...records)
}

function mutated(body: Uint8Array, random: Random): Uint8Array {
  const kind = random.below(20)
  if (kind === 0) return body
  const structured = kind < 5 ? body : Buffer.from(mutateStructure(Buffer.from(body).toString(), random))
  return kind < 8 ? mutateBytes(structured, random) : structured
}
