import { expect, test } from 'vitest'
import { createGenerator } from '../../../src/emulator/generator/generator.ts'
import { createRunner } from '../../../src/transform/batch.ts'
import { Kernel } from '../../../src/transform/kernel/kernel.ts'
import { stateOut, stateOutEnd } from '../../../src/transform/kernel/layout.ts'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { batch, options } from '../support/batches.ts'

/** Gives the room that is asked for and no byte more, so it is asked for again and again. */
class TightKernel extends Kernel {
  asked = 0

  override reserve(bytes: number): void {
    this.asked++
    this.state[stateOutEnd] = this.state[stateOut]! + bytes
  }
}

const runnerOn = (kernel: Kernel) => createRunner(options, dataset => createMapper(options, undefined, dataset, kernel))
const tight = new TightKernel()
const [usual, pressed] = [runnerOn(new Kernel()), runnerOn(tight)]

test.each(loadSchemas().map(({ table }) => table))(
  '%s is written the same where there is never any room to spare',
  table => {
    const { body } = createGenerator({ seed: 'room', tables: [table] }).nextMessage(20)
    const before = tight.asked
    expect(Buffer.from(pressed(batch(body)).lines).toString()).toBe(Buffer.from(usual(batch(body)).lines).toString())
    expect(tight.asked - before).toBeGreaterThan(20 * 20)
  },
)
