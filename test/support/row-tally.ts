import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Inventory, VulnerabilityRows } from '../../src/emulator/microsoft/vulnerability-rows.ts'

/** How often each row of an inventory stands in a folder of NDJSON files: a byte for each row, however many there are. */
export async function tallyRows(folder: string, rows: VulnerabilityRows, { products }: Inventory): Promise<Uint8Array> {
  const counts = new Uint8Array(rows.count)
  const devices = new Map(rows.devices.map(({ id }, index) => [id, index]))
  for (const name of await readdir(folder)) {
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
      const { id } = (JSON.parse(line) as { event: { id: string } }).event
      const [device = '', product = ''] = id.split('_')
      const index = devices.get(device)! * products + Number(product.slice('app'.length))
      if (rows.row(index).id !== id) throw new Error(`there is no row ${id}`)
      counts[index]! += 1
    }
  }
  return counts
}
