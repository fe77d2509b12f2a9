import type { Os } from './programs.ts'
import type { Random } from './random.ts'

export interface Account {
  readonly name: string
  readonly domain: string
  readonly sid: string
  readonly upn: string
  readonly objectId: string
  readonly given: string
  readonly surname: string
  readonly display: string
  readonly department: string
  readonly title: string
  readonly place: Place
}

export interface Place {
  readonly city: string
  readonly country: string
  readonly code: string
  readonly state: string
  readonly latitude: string
  readonly longitude: string
}

export interface Device {
  readonly id: string
  readonly host: string
  readonly name: string
  readonly os: Os
  readonly platform: string
  readonly version: string
  readonly build: number
  readonly architecture: string
  readonly distribution: string
  readonly server: boolean
  readonly ip: string
  readonly ip6: string
  readonly publicIp: string
  readonly mac: string
  readonly group: string
  readonly aadId: string
  readonly owner: Account
}

export interface Fleet {
  readonly tenantId: string
  readonly accounts: readonly Account[]
  readonly devices: readonly Device[]
}

export const companyDomain = 'contoso.example'
const netbios = 'CONTOSO'

const given =
  'Mara Jonas Aisha Tomás Ingrid Yuki Olu Priya Léa Marek Sofia Daniel Zoë Kofi Elif Björn Nadia Hugo'.split(' ')
const surnames =
  'Keller Okafor Nguyen Larsen Rossi Müller Tanaka Silva Novák Haddad Brown Dubois Kaya Lind Patel'.split(' ')
const departments = ['Finance', 'Engineering', 'Sales', 'Human Resources', 'IT Operations', 'Legal', 'Research']
const titles = ['Analyst', 'Engineer', 'Manager', 'Director', 'Specialist', 'Assistant']

const places: readonly Place[] = [
  { city: 'Zürich', country: 'Switzerland', code: 'CH', state: 'Zürich', latitude: '47.3769', longitude: '8.5417' },
  { city: 'Dublin', country: 'Ireland', code: 'IE', state: 'Leinster', latitude: '53.3498', longitude: '-6.2603' },
  { city: 'Austin', country: 'United States', code: 'US', state: 'Texas', latitude: '30.2672', longitude: '-97.7431' },
  { city: 'São Paulo', country: 'Brazil', code: 'BR', state: 'São Paulo', latitude: '-23.5505', longitude: '-46.6333' },
  { city: 'Osaka', country: 'Japan', code: 'JP', state: 'Osaka', latitude: '34.6937', longitude: '135.5023' },
]

type Platform = [os: Os, platform: string, version: string, build: number, distribution: string, server: boolean]

const windows11: Platform = ['windows', 'Windows11', '10.0', 22631, 'Windows11', false]
const windows10: Platform = ['windows', 'Windows10', '10.0', 19045, 'Windows10', false]
const server2022: Platform = ['windows', 'WindowsServer2022', '10.0', 20348, 'WindowsServer2022', true]
const ubuntu: Platform = ['linux', 'Linux', '24.4', 0, 'Ubuntu', true]
const macos: Platform = ['macos', 'macOS', '15.3', 0, 'macOS', false]
const platforms = [...Array<Platform>(6).fill(windows11), windows10, windows10, server2022, server2022, ubuntu, macos]

const authority = (name: string, domain: string, sid: string): Account => ({
  name,
  domain,
  sid,
  upn: '',
  objectId: '',
  given: '',
  surname: '',
  display: name,
  department: '',
  title: '',
  place: places[0]!,
})

/** Accounts that are on every machine, by operating system. */
export const systemAccount: Readonly<Record<Os, Account>> = {
  windows: authority('system', 'nt authority', 'S-1-5-18'),
  linux: authority('root', 'localhost', 'S-1-22-1-0'),
  macos: authority('root', 'localhost', 'S-1-22-1-0'),
}

export function createFleet(random: Random, size: { devices: number; accounts: number }, tenantId?: string): Fleet {
  const domainSid = `S-1-5-21-${random.next()}-${random.next()}-${random.next()}`
  const accounts = Array.from({ length: size.accounts }, (_, index) => createAccount(random, index, domainSid))
  const devices = Array.from({ length: size.devices }, (_, index) => createDevice(random, index, random.pick(accounts)))
  return { tenantId: tenantId ?? random.guid(), accounts, devices }
}

function createAccount(random: Random, index: number, domainSid: string): Account {
  const first = given[index % given.length]!
  const last = surnames[Math.floor(index / given.length) % surnames.length]!
  const round = Math.floor(index / (given.length * surnames.length))
  const name = `${ascii(first)}.${ascii(last)}${round || ''}`
  return {
    name,
    domain: netbios,
    sid: `${domainSid}-${1104 + index}`,
    upn: `${name}@${companyDomain}`,
    objectId: random.guid(),
    given: first,
    surname: last,
    display: `${first} ${last}`,
    department: random.pick(departments),
    title: random.pick(titles),
    place: random.pick(places),
  }
}

function createDevice(random: Random, index: number, owner: Account): Device {
  const [os, platform, version, build, distribution, server] = random.pick(platforms)
  const prefix = os === 'linux' ? 'lnx' : server ? 'srv' : os === 'macos' ? 'mac' : 'ws'
  const host = `${prefix}-${String(index + 1).padStart(4, '0')}`
  const tail = [random.hex(4), random.hex(4), random.hex(4)]
  return {
    id: random.hex(40),
    host,
    name: `${host}.${companyDomain}`,
    os,
    platform,
    version,
    build,
    architecture: os === 'macos' ? 'Arm64' : '64-bit',
    distribution,
    server,
    ip: `10.20.${index >> 8}.${index & 255}`,
    // The long form, as the service often sends it.
    ip6: `2001:db8:${(index + 16).toString(16)}:0:0:0:${tail[0]}:${tail[1]}`,
    publicIp: `203.0.113.${index % 254}`,
    mac: random.chance(0.5) ? `000D3A${tail[2]!.toUpperCase()}${tail[0]!.slice(0, 2).toUpperCase()}` : colons(random),
    group: server ? 'Servers' : 'Workstations',
    aadId: random.guid(),
    owner,
  }
}

function colons(random: Random): string {
  return ['02', ...Array.from({ length: 5 }, () => random.hex(2))].join(':')
}

function ascii(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase()
}
