import { type Account, type Device, systemAccount } from './fleet.ts'
import { type Program, programs } from './programs.ts'
import { bigDigits, type Random } from './random.ts'
import { hour, type Instant, isoTime, minute, second } from './time.ts'

export interface Process {
  readonly pid: number
  readonly program: Program
  readonly commandLine: string
  readonly created: Instant
  readonly parent: ParentProcess
  readonly account: Account
  readonly integrity: string
  readonly elevation: string
  readonly logonId: number
  readonly sessionId: number
  readonly uniqueId: string
  /** Set in a remote desktop session. */
  readonly remote: { readonly device: string; readonly ip: string } | null
  /** See `initiatingText`; made on first use. */
  text?: string
  /** See `posixFields`; made on first use. */
  posix?: string
}

/** What the service tells of the parent of an initiating process. */
export interface ParentProcess {
  readonly pid: number
  readonly name: string
  readonly created: Instant
}

/** Processes kept per device; old ones end silently, the first (the roots) stay. */
const liveLimit = 48
const warmUp = 12
const roots = { windows: 'services.exe', linux: 'systemd', macos: 'launchd' } as const
const bootParent = { windows: 'wininit.exe', linux: '', macos: '' } as const

/** The processes of one device: whatever acts was started before, by a process that was started before it. */
export class ProcessTree {
  readonly #device: Device
  readonly #random: Random
  readonly #live: Process[] = []
  readonly #rootCount: number
  #lastPid: number

  /** `start`: everything made here was created before it. */
  constructor(device: Device, random: Random, start: Instant) {
    this.#device = device
    this.#random = random
    this.#lastPid = device.os === 'windows' ? 600 : 1
    const boot = start - random.between(2, 70) * hour
    const program = programs[device.os].get(roots[device.os])!
    const parent = { pid: device.os === 'windows' ? 540 : 0, name: bootParent[device.os], created: boot }
    this.#live.push(this.#create(program, boot + second, parent, systemAccount[device.os]))
    if (device.os === 'windows') this.#signIn(boot)
    this.#rootCount = this.#live.length
    for (let index = 0; index < warmUp; index++) this.start(start - (warmUp - index) * minute)
  }

  /** A process that is running. */
  any(): Process {
    return this.#random.pick(this.#live)
  }

  /** One that is running starts another at `now`. */
  start(now: Instant): { started: Process; by: Process } {
    const parent = this.#spawner()
    const program = programs[this.#device.os].get(this.#random.pick(parent.program.spawns))!
    const created = Math.max(parent.created + 1, now - this.#random.between(1000, 900_000))
    const account = program.asUser ? this.#device.owner : parent.account
    const started = this.#create(program, created, shownParent(parent), account, parent.remote)
    if (this.#live.length < liveLimit) this.#live.push(started)
    else this.#live[this.#random.between(this.#rootCount, liveLimit - 1)] = started
    return { started, by: parent }
  }

  #signIn(boot: Instant): void {
    const windows = programs.windows
    const svchost = this.#create(
      windows.get('svchost.exe')!,
      boot + 2 * second,
      shownParent(this.#live[0]!),
      systemAccount.windows,
    )
    const userinit = { pid: 5012, name: 'userinit.exe', created: boot + minute }
    this.#live.push(
      svchost,
      this.#create(windows.get('explorer.exe')!, boot + minute + second, userinit, this.#device.owner),
    )
  }

  #spawner(): Process {
    for (let attempt = 0; attempt < 8; attempt++) {
      const process = this.any()
      if (process.program.spawns.length > 0) return process
    }
    return this.#live[0]!
  }

  #create(
    program: Program,
    created: Instant,
    parent: ParentProcess,
    account: Account,
    remote: Process['remote'] = null,
  ): Process {
    const random = this.#random
    const system = account !== this.#device.owner
    const elevated = system || random.chance(0.1)
    this.#lastPid = nextPid(this.#lastPid, random, this.#device.os === 'windows' ? 4 : 1)
    return {
      pid: this.#lastPid,
      program,
      commandLine: fillIn(random.pick(program.commandLines), account.name, random),
      created,
      parent,
      account,
      ...this.#token(system, elevated),
      logonId: system ? 999 : 100_000 + random.below(5_000_000),
      sessionId: system ? 0 : 1,
      uniqueId: bigDigits(random),
      remote: remote ?? this.#remoteSession(system),
    }
  }

  #token(system: boolean, elevated: boolean): { integrity: string; elevation: string } {
    if (this.#device.os !== 'windows') return { integrity: '', elevation: 'None' }
    const elevation = system
      ? 'TokenElevationTypeDefault'
      : elevated
        ? 'TokenElevationTypeFull'
        : 'TokenElevationTypeLimited'
    return { integrity: system ? 'System' : elevated ? 'High' : 'Medium', elevation }
  }

  #remoteSession(system: boolean): Process['remote'] {
    if (system || !this.#random.chance(0.05)) return null
    return { device: `ws-${this.#random.between(1000, 9999)}`, ip: `10.20.9.${this.#random.below(255)}` }
  }
}

function shownParent({ pid, program, created }: Process): ParentProcess {
  return { pid, name: program.name, created }
}

function nextPid(last: number, random: Random, step: number): number {
  const next = last + step * random.between(1, 40)
  return next > 60_000 ? 1000 + step * random.between(1, 40) : next
}

function fillIn(template: string, user: string, random: Random): string {
  if (!template.includes('{')) return template
  return template.replace('{user}', user).replaceAll('{n}', String(random.between(100, 99_999)))
}

/** The columns of the initiating process that every table with one documents, as members of an object. */
export function initiatingText(process: Process): string {
  process.text ??= `${programText(process.program)},${accountText(process.account)},${members(ownColumns(process))}`
  return process.text
}

/** Those that only some tables document. */
export const optionalInitiating: Readonly<Record<string, (process: Process) => string | number>> = {
  InitiatingProcessIntegrityLevel: ({ integrity }) => integrity,
  InitiatingProcessTokenElevation: ({ elevation }) => elevation,
  InitiatingProcessLogonId: ({ logonId }) => logonId,
  InitiatingProcessSignerType: ({ program }) => (program.company === '' ? 'Unknown' : 'OsVendor'),
  InitiatingProcessSignatureStatus: ({ program }) => (program.company === '' ? 'Unsigned' : 'Valid'),
}

function ownColumns({ pid, commandLine, created, parent, sessionId, remote, uniqueId }: Process) {
  return {
    InitiatingProcessId: pid,
    InitiatingProcessCommandLine: commandLine,
    InitiatingProcessCreationTime: isoTime(created),
    InitiatingProcessParentId: parent.pid,
    InitiatingProcessParentFileName: parent.name,
    InitiatingProcessParentCreationTime: isoTime(parent.created),
    InitiatingProcessSessionId: sessionId,
    IsInitiatingProcessRemoteSession: remote !== null,
    InitiatingProcessRemoteSessionDeviceName: remote?.device ?? '',
    InitiatingProcessRemoteSessionIP: remote?.ip ?? '',
    InitiatingProcessUniqueId: uniqueId,
  }
}

/** The file, version and account columns of a started process, as members of an object, each with its comma. */
export function targetText({ program, account }: Process): string {
  return `"ActionType":"ProcessCreated",${targetFileText(program)},${targetAccountText(account)},`
}

const programText = memo((program: Program) =>
  members({
    InitiatingProcessSHA1: program.sha1,
    InitiatingProcessSHA256: program.sha256,
    InitiatingProcessMD5: program.md5,
    InitiatingProcessFileName: program.name,
    InitiatingProcessFileSize: program.size,
    InitiatingProcessFolderPath: program.folder.includes('\\') ? program.path.toLowerCase() : program.path,
    ...versionColumns('InitiatingProcess', program),
  }),
)

const targetFileText = memo((program: Program) =>
  members({
    FileName: program.name,
    FolderPath: program.path,
    SHA1: program.sha1,
    SHA256: program.sha256,
    MD5: program.md5,
    FileSize: program.size,
    ...versionColumns('Process', program),
  }),
)

const accountText = memo((account: Account) => members(accountColumns('InitiatingProcessAccount', account)))
const targetAccountText = memo((account: Account) => members(accountColumns('Account', account)))

function accountColumns(prefix: string, account: Account): Record<string, string | null> {
  return {
    [`${prefix}Domain`]: account.domain.toLowerCase(),
    [`${prefix}Name`]: account.name,
    [`${prefix}Sid`]: account.sid,
    [`${prefix}Upn`]: account.upn,
    [`${prefix}ObjectId`]: account.objectId || null,
  }
}

/** Remembers what was made of each object. */
function memo<T extends object>(make: (item: T) => string): (item: T) => string {
  const known = new WeakMap<T, string>()
  return item => {
    let text = known.get(item)
    if (text === undefined) {
      text = make(item)
      known.set(item, text)
    }
    return text
  }
}

function members(columns: object): string {
  return JSON.stringify(columns).slice(1, -1)
}

function versionColumns(prefix: string, program: Program): Record<string, string> {
  const internal = program.company === '' ? '' : program.name.replace(/\.exe$/i, '')
  return {
    [`${prefix}VersionInfoCompanyName`]: program.company,
    [`${prefix}VersionInfoProductName`]: program.product,
    [`${prefix}VersionInfoProductVersion`]: program.version,
    [`${prefix}VersionInfoInternalFileName`]: internal,
    [`${prefix}VersionInfoOriginalFileName`]: program.company === '' ? '' : program.name,
    [`${prefix}VersionInfoFileDescription`]: program.description,
  }
}
