import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { VulnerabilityRows } from '../../src/emulator/microsoft/vulnerability-rows.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { tallyRows } from '../support/row-tally.ts'
import { addressOf, type Scrape, scrape } from '../support/scrape.ts'
import { tempDirectory } from '../support/temp.ts'
import { type Running, xdrelay } from '../support/xdrelay.ts'

const full = process.env.CHAOS === 'full'
const inventory = full ? { devices: 20_000, products: 50 } : { devices: 400, products: 50 }
const rows = inventory.devices * inventory.products
/** MiB; a promise of the product, with the settings that it has by default. */
const limit = 256

/** What a configuration says of a stand-in of Microsoft's APIs in another process, which has the inventory. */
async function startService(): Promise<string> {
  const size = ['--devices', String(inventory.devices), '--products', String(inventory.products)]
  const service = xdrelay(['emulator', 'microsoft', '--json', '--port', '0', '--seed', 'million', ...size])
  await expect.poll(service.stdout, { timeout: 60_000 }).toContain('\n')
  const app = JSON.parse(service.stdout()) as Record<string, string>
  const access = `tenant_id: ${app.tenantId}, client_id: ${app.clientId}, client_secret: "${app.clientSecret}"`
  return `${access}, endpoint: "${app.url}", token_url: "${app.tokenUrl}"`
}

/** Looks at the metrics until a pass is over and nothing of it is in flight any more; gives the most bytes in flight that were seen. */
async function untilSettled(run: Running, admin: string): Promise<{ mostUsed: number; last: Scrape }> {
  for (let mostUsed = 0; ; await sleep(100)) {
    expect(run.process.exitCode, run.stderr()).toBeNull()
    const last = await scrape(admin)
    const used = last.sum('memory_used_bytes')
    mostUsed = Math.max(mostUsed, used)
    if (last.sum('collector_passes_total', { result: 'ok' }) > 0 && used === 0) return { mostUsed, last }
  }
}

test.skipIf(process.platform !== 'linux')(
  'a full export comes through once, row by row, in the memory of a small one',
  { timeout: full ? 1_800_000 : 180_000 },
  async () => {
    const [access, folder] = await Promise.all([startService(), tempDirectory()])
    const out = join(folder, 'out')
    await mkdir(out)
    await writeFile(
      join(folder, 'xdrelay.yaml'),
      `
version: 1
sources: { tenant: { vulnerabilities: { ${access} } } }
checkpoints: { directory: ./state }
outputs: { archive: { file: { path: "./out/{table}.ndjson" } } }
dead_letter: { file: { path: ./dead-letters } }
admin: { listen: 127.0.0.1:0 }
`,
    )
    const run = xdrelay(['run'], { cwd: folder })
    const admin = await addressOf(run)
    await expect.poll(run.stderr, { timeout: 60_000 }).toContain('tenant: polling')
    const startedAt = performance.now()
    const { mostUsed, last } = await untilSettled(run, admin)
    const seconds = (performance.now() - startedAt) / 1000
    const peak = await peakMemory(run)
    expect(await run.kill('SIGTERM'), run.stderr()).toBe(0)
    console.log(
      `${rows} rows in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s; peak memory ${Math.round(peak)} MiB, at most ${mostUsed} bytes in flight`,
    )

    const counts = await tallyRows(out, new VulnerabilityRows('million', inventory), inventory)
    expect(counts.filter(count => count !== 1).length).toBe(0)
    expect(last.sum('dead_letter_records_total')).toBe(0)
    expect(await readdir(join(folder, 'dead-letters'))).toEqual([])
    // What a page becomes is estimated before it is mapped, so a little more may be there than was granted.
    expect(mostUsed).toBeLessThan(1.1 * last.sum('memory_budget_bytes'))
    expect(mostUsed).toBeGreaterThan(0)
    if (full) expect(peak).toBeLessThan(limit)
  },
)
