import { createGenerator } from '../src/emulator/generator/generator.ts'
import { startHub } from '../src/emulator/hub/hub.ts'

/** What `bench/parts.ts` asks of the child that this file is. */
export interface Filling {
  readonly partitions: number
  /** Stops at whichever comes first; both may be infinite, which JSON has no word for. */
  readonly records: number
  readonly bytes: number
}

export interface FilledHub {
  readonly connectionString: string
  readonly records: number
  readonly bytes: number
}

/** This many different records are made; beyond that the same messages come again, which keeps the hub's memory small. */
const distinct = 40_000

if (process.send) {
  // The end of the parent, however it died, is the end of the hub.
  process.on('disconnect', () => process.exit())
  process.on('message', (filling: Filling) => void fill(filling).then(filled => process.send?.(filled)))
}

async function fill({ partitions, records, bytes }: Filling): Promise<FilledHub> {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions }] })
  const generator = createGenerator({ seed: 'bench' })
  const messages: ReturnType<typeof generator.nextMessage>[] = []
  let made = 0
  const sum = { records: 0, bytes: 0 }
  for (let turn = 0; sum.records < records && sum.bytes < bytes; turn++) {
    if (made < distinct) {
      const message = generator.nextMessage(Math.min(100, records - made))
      made += message.records
      messages.push(message)
    }
    const message = messages[turn % messages.length]!
    hub.append('defender', String(turn % partitions), message.body)
    sum.records += message.records
    sum.bytes += message.body.length
  }
  return { connectionString: hub.connectionString('defender'), ...sum }
}
