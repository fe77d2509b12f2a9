import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { startAdmin } from '../../src/admin/server.ts'
import { generateCommand } from '../../src/cli/generate.ts'
import { variables } from '../../src/config/environment.ts'
import { formatFinding } from '../../src/config/finding.ts'
import { checkEnvironment } from '../../src/config.ts'
import { DriftRegister } from '../../src/core/drift.ts'
import { silent } from '../../src/core/log.ts'
import { createMetrics } from '../../src/core/metrics.ts'

interface Service {
  readonly image: string
  readonly build?: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: readonly string[] }
  readonly stop_grace_period?: string
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose
const services = Object.entries(compose.services)
const xdrelay = compose.services.xdrelay!
const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }

const names = (some: typeof services) => some.map(([name]) => name)

/** Without the means to check itself, and who does it instead. */
const checkedBy: Record<string, string> = { 'event-hubs': 'event-hubs-health' }

describe('docker-compose.yml', () => {
  test('every service has a health check, its own or that of another which asks for it', () => {
    const without = services.filter(([name]) => {
      const { test: command = [] } = compose.services[checkedBy[name] ?? name]!.healthcheck ?? {}
      return command[0] !== 'CMD' || (name in checkedBy && !command.join(' ').includes(`http://${name}:`))
    })
    expect(names(without)).toEqual([])
    for (const proxy of Object.values(checkedBy)) {
      expect(xdrelay.depends_on).toMatchObject({ [proxy]: { condition: 'service_healthy' } })
    }
  })

  test('every port is reachable from this machine only', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports)
    expect(ports.length).toBeGreaterThan(4)
    expect(ports.filter(port => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([])
  })

  test('every image is of one version, or built here', () => {
    const images = services.map(([, { image }]) => image).filter(image => image !== xdrelay.image)
    expect(images.filter(image => !/^[\w./-]+:\d+\.\d+\.\d+(?:-[a-z]+)*$/.test(image))).toEqual([])
    expect(xdrelay.build).toBe('.')
  })

  test('every mounted file is in the repository, every volume has a name', () => {
    const places = services.flatMap(([, { volumes = [] }]) => volumes.map(volume => volume.split(':')[0]!))
    const missing = places.filter(place => !(place in compose.volumes) && !existsSync(join(root, place)))
    expect(missing).toEqual([])
    expect(places).toEqual(expect.arrayContaining(Object.keys(compose.volumes)))
  })

  test('xdrelay is configured by variables that it reads, without a finding', () => {
    const environment = xdrelay.environment!
    const known = variables.map(({ name }) => name)
    expect(Object.keys(environment).filter(name => !known.includes(name))).toEqual([])
    const { config, findings } = checkEnvironment(environment)
    expect(findings.map(formatFinding)).toEqual([])
    expect(config!.deadLetter.file.path.startsWith(`${xdrelay.volumes![0]!.split(':')[1]}/`)).toBe(true)
    expect(Number.parseInt(xdrelay.stop_grace_period!, 10) * 1000).toBeGreaterThan(config!.limits.drain)
  })

  test('the emulator has the event hub and the consumer group that xdrelay reads', () => {
    const { UserConfig } = JSON.parse(read('deploy/compose/event-hubs.json'))
    const { EVENT_HUB_NAME: Name, CONSUMER_GROUP } = xdrelay.environment!
    expect(UserConfig.NamespaceConfig[0].Entities).toEqual([
      expect.objectContaining({ Name, ConsumerGroups: [{ Name: CONSUMER_GROUP }] }),
    ])
    expect(xdrelay.environment!.EVENT_HUB_CONNECTION_STRING).toMatch(/^Endpoint=sb:\/\/event-hubs;.*=true$/)
  })

  test('generate is called with options that it has, and sends to the hub that xdrelay reads', () => {
    const { image, entrypoint = [], command = [] } = compose.services.generate!
    const options = generateCommand().options.map(({ long }) => long)
    const given = [...entrypoint, ...command].filter(word => word.startsWith('--'))
    expect(given.length).toBeGreaterThan(3)
    for (const option of given) expect(options).toContain(option)
    const { EVENT_HUB_NAME, EVENT_HUB_CONNECTION_STRING } = xdrelay.environment!
    expect(entrypoint).toEqual(expect.arrayContaining([EVENT_HUB_NAME, EVENT_HUB_CONNECTION_STRING]))
    expect(image).toBe(xdrelay.image)
  })

  test('Azurite is the version that the tests use', () => {
    expect(compose.services.azurite!.image.split(':')[1]).toBe(devDependencies.azurite)
  })
})

describe('Dockerfile', () => {
  /** Instruction and the rest, continuation lines joined. */
  const instructions = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(Boolean)
    .map(line => /^(\w+) (.*)$/.exec(line)!.slice(1) as [string, string])
  const all = (name: string) => instructions.filter(([word]) => word === name).map(([, rest]) => rest)
  const last = (name: string) => all(name).at(-1)!
  const health = JSON.parse(last('HEALTHCHECK').replace(/^.*? CMD /, '')) as string[]

  test('copies from the checkout only what is there and what .dockerignore lets through', () => {
    const admitted = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path!)
    const copied = all('COPY')
      .filter(rest => !rest.startsWith('--from='))
      .flatMap(rest => rest.split(' ').slice(0, -1))
    expect(copied).toContain('src')
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true)
      expect(admitted).toContain(path)
    }
    expect(admitted.filter(path => !copied.includes(path))).toEqual([])
  })

  test('builds on the Node that development uses', () => {
    expect(all('ARG')[0]).toMatch(new RegExp(`^NODE_IMAGE=node:${devDependencies.node}-[a-z]+-slim$`))
    expect(all('FROM').every(base => /^\$\{NODE_IMAGE\}(?: AS \w+)?$/.test(base))).toBe(true)
  })

  test('runs as a user without name or rights, and writes to its volume only', () => {
    expect(last('USER')).toBe('65532:65532')
    const { DEAD_LETTER_PATH } = Object.fromEntries(
      last('ENV')
        .split(/\s+/)
        .map(word => word.split('=')),
    )
    expect(DEAD_LETTER_PATH.startsWith(`${last('VOLUME')}/`)).toBe(true)
    expect(variables.map(({ name }) => name)).toContain('DEAD_LETTER_PATH')
    expect(last('RUN')).toContain(last('VOLUME'))
  })

  test('starts the built command and stops it by the signal that drains', () => {
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual(['node', 'dist/cli/main.js'])
    expect(JSON.parse(last('CMD'))).toEqual(['run'])
    expect(last('STOPSIGNAL')).toBe('SIGTERM')
  })

  test('its health check tells a service that lives from one that does not', async () => {
    const listen = { host: '127.0.0.1', port: 0 }
    const admin = await startAdmin({
      listen,
      metrics: createMetrics(),
      obstacles: () => ['output siem is down'],
      drift: new DriftRegister(silent),
      check: async () => ({}),
    })
    onTestFinished(() => admin.close())
    const env = { ADMIN_LISTEN: new URL(admin.address).host }
    const check = () => promisify(execFile)(process.execPath, health.slice(1), { env })
    await check()
    await admin.close()
    await expect(check()).rejects.toMatchObject({ code: 1 })
  })
})
