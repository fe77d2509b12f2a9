import { expect } from 'vitest'
import type { Running } from './xdrelay.ts'

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What one scrape says. */
export class Scrape {
  readonly #samples: readonly Sample[]

  constructor(text: string) {
    this.#samples = text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => {
        const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
        const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key!, text!])
        return { name, labels: Object.fromEntries(pairs), value: Number(value) }
      })
  }

  of(name: string): readonly Sample[] {
    return this.#samples.filter(sample => sample.name === `xdrelay_${name}`)
  }

  sum(name: string, labels: Record<string, string> = {}): number {
    const mine = this.of(name).filter(sample =>
      Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )
    return mine.reduce((total, { value }) => total + value, 0)
  }

  by(name: string, key: string): Record<string, number> {
    const keys = new Set(this.of(name).map(({ labels }) => labels[key]!))
    return Object.fromEntries([...keys].map(each => [each, this.sum(name, { [key]: each })]))
  }
}

/** The address of the admin endpoint, once the process has said it. */
export async function addressOf(running: Running): Promise<string> {
  const find = () => /admin endpoint on (http:\/\/[^\s"]+)/.exec(running.stderr())?.[1]
  await expect.poll(find, { timeout: 30_000 }).toBeDefined()
  return find()!
}

export async function scrape(address: string): Promise<Scrape> {
  return new Scrape(await (await fetch(`${address}/metrics`)).text())
}

export async function readiness(address: string): Promise<number> {
  return (await fetch(`${address}/readyz`)).status
}
