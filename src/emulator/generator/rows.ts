import { type ColumnMaker, columnMaker, emptyValue } from './columns.ts'
import type { Device } from './fleet.ts'
import { makers } from './makers.ts'
import { initiatingText, optionalInitiating, type Process } from './processes.ts'
import type { Columns, Json, Scene } from './scene.ts'
import type { Column, Table } from './tables.ts'
import { isoTime, ticks } from './time.ts'

/** Dynamic columns that come as objects and lists in tables that otherwise send JSON text. */
const nativeColumns = new Set([
  'LastSeenForUser',
  'UncommonForUser',
  'RecipientDetails',
  'NodeProperties',
  'EdgeProperties',
])
const deviceColumns = ['DeviceId', 'DeviceName', 'MachineGroup']
/** Prepared endings of a row: rarely filled columns cost nothing per record. */
const endingCount = 64
const rarely = 0.04
const emptyShare = 0.12

interface Filler {
  readonly column: Column
  readonly make: ColumnMaker
  readonly empty: Json
}

/**
 * The rows of one table, as JSON text of `properties`. Most of a device row repeats from record to record (device,
 * initiating process, empty columns), so it is put together from pieces that were serialised once.
 */
export class Rows {
  readonly #table: Table
  readonly #make: ((scene: Scene) => Columns) | undefined
  /** Columns whose objects and lists go out as JSON text. */
  readonly #asText: readonly string[]
  readonly #longReportId: boolean
  readonly #processColumns: readonly string[]
  readonly #optional: readonly string[]
  readonly #deviceTexts = new Map<Device, string>()
  // The following are known after the first record, which shows what the maker makes.
  #ownTimestamp = false
  #deviceColumns: readonly string[] = []
  #fillers: readonly Filler[] = []
  #endings: readonly string[] | undefined

  /** `native`: dynamic columns as objects and lists in every table. */
  constructor(table: Table, native: boolean) {
    this.#table = table
    this.#make = makers[table.name]
    const allNative = native || table.name.startsWith('Identity')
    this.#asText = table.columns
      .filter(({ name, type }) => type === 'dynamic' && !allNative && !nativeColumns.has(name))
      .map(({ name }) => name)
    this.#longReportId = table.columns.some(({ name, type }) => name === 'ReportId' && type === 'long')
    this.#processColumns = table.columns.map(({ name }) => name).filter(name => /^(Is)?InitiatingProcess/.test(name))
    this.#optional = this.#processColumns.filter(name => Object.hasOwn(optionalInitiating, name))
  }

  /** Whether a record tells of the device on stage; known after the first. */
  get tellsDevice(): boolean {
    return this.#deviceColumns.length > 0
  }

  /** The next row, for the scene as it stands. */
  next(scene: Scene): string {
    const columns = this.#make?.(scene) ?? {}
    this.#endings ??= this.#prepare(columns, scene)
    let text = `{${scene.ready}`
    if (this.#ownTimestamp) text += `"Timestamp":"${isoTime(scene.now)}",`
    if (this.#deviceColumns.length > 0) text += this.#deviceText(scene.device)
    // By hand: these have 18 digits, more than a number can hold.
    if (this.#longReportId) text += `"ReportId":${ticks(scene.now)},`
    if (scene.process) text += this.#processText(scene.process)
    if (this.#make) text += scene.random.pick(this.#endings)
    else this.#fill(columns, scene, emptyShare)
    for (const name of this.#asText) columns[name] = textForm(columns[name]!)
    return text + JSON.stringify(columns).slice(1)
  }

  /** Settles which piece makes which column; what remains is filled up by name and type. */
  #prepare(made: Columns, scene: Scene): readonly string[] {
    const ready: Columns = JSON.parse(`{${scene.ready.slice(0, -1)}}`)
    const taken = new Set([...Object.keys(made), ...Object.keys(ready)])
    const lacks = (name: string) => !taken.has(name) && this.#table.columns.some(column => column.name === name)
    this.#ownTimestamp = lacks('Timestamp')
    this.#deviceColumns = lacks('DeviceId') ? deviceColumns.filter(lacks) : []
    const pieces = ['Timestamp', ...this.#deviceColumns, ...(scene.process ? this.#processColumns : [])]
    for (const name of this.#longReportId ? [...pieces, 'ReportId'] : pieces) taken.add(name)
    const loose = /^(Identity|CloudApp)/.test(this.#table.name)
    this.#fillers = this.#table.columns
      .filter(({ name }) => !taken.has(name))
      .map(column => ({ column, make: columnMaker(column, loose), empty: emptyValue(column) }))
    return this.#make ? Array.from({ length: endingCount }, (_, index) => this.#ending(scene, index)) : []
  }

  #ending(scene: Scene, index: number): string {
    const columns: Columns = {}
    this.#fill(columns, scene, 1 - rarely)
    // Each column is filled in at least one of the endings.
    for (let next = index; next < this.#fillers.length; next += endingCount) {
      const { column, make } = this.#fillers[next]!
      columns[column.name] = make(scene)
    }
    for (const name of this.#asText) if (name in columns) columns[name] = textForm(columns[name]!)
    return piece(columns)
  }

  #fill(columns: Columns, scene: Scene, empty: number): void {
    for (const filler of this.#fillers) {
      columns[filler.column.name] = scene.random.chance(empty) ? filler.empty : filler.make(scene)
    }
  }

  #deviceText(device: Device): string {
    let text = this.#deviceTexts.get(device)
    if (text === undefined) {
      const values: Columns = { DeviceId: device.id, DeviceName: device.name, MachineGroup: device.group }
      text = piece(Object.fromEntries(this.#deviceColumns.map(name => [name, values[name]!])))
      this.#deviceTexts.set(device, text)
    }
    return text
  }

  #processText(process: Process): string {
    let text = `${initiatingText(process)},`
    for (const name of this.#optional) text += `"${name}":${JSON.stringify(optionalInitiating[name]!(process))},`
    return text
  }
}

/** The members of an object, each with a comma behind it. */
function piece(columns: Columns): string {
  const text = JSON.stringify(columns)
  return text === '{}' ? '' : `${text.slice(1, -1)},`
}

function textForm(value: Json): Json {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
