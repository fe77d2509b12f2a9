import { type Account, createFleet, type Device, type Fleet } from './fleet.ts'
import { type Process, ProcessTree } from './processes.ts'
import { Random } from './random.ts'
import { Shared } from './shared.ts'
import type { Stage } from './stage.ts'
import { type Alert, createAlert, createMail, createTeamsMessage, type Mail, type TeamsMessage } from './stories.ts'
import type { Instant } from './time.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type Columns = Record<string, Json>

export interface SceneOptions {
  readonly seed: number | string
  readonly start: Instant
  readonly tenantId?: string
}

/**
 * The tenant while records are told of it: fleet, running processes, alerts and mails, and the clock.
 * `turn` moves on to the next record: another device, another account, a later time.
 */
export class Scene implements Stage {
  readonly random: Random
  readonly fleet: Fleet
  readonly alerts: Shared<Alert>
  readonly mails: Shared<Mail>
  readonly teamsMessages: Shared<TeamsMessage>
  now: Instant
  device: Device
  account: Account
  /** The process behind the event; set by the tables that have one. */
  process: Process | undefined
  /** Columns that a maker has as text already: members of an object, each with its comma. Always the same columns. */
  ready = ''
  readonly #trees = new Map<Device, ProcessTree>()
  readonly #start: Instant

  constructor({ seed, start, tenantId }: SceneOptions) {
    this.random = new Random(`${seed}/events`)
    this.fleet = createFleet(new Random(`${seed}/fleet`), { devices: 120, accounts: 150 }, tenantId)
    this.#start = start
    this.now = start
    this.device = this.fleet.devices[0]!
    this.account = this.device.owner
    this.alerts = new Shared(this.random, () => createAlert(this))
    this.mails = new Shared(this.random, () => createMail(this))
    this.teamsMessages = new Shared(this.random, () => createTeamsMessage(this))
  }

  turn(): void {
    this.now += this.random.between(1, 40_000)
    this.device = this.random.pick(this.fleet.devices)
    this.account = this.random.chance(0.8) ? this.device.owner : this.random.pick(this.fleet.accounts)
    this.process = undefined
    this.ready = ''
  }

  /** The processes of the device on stage. */
  tree(): ProcessTree {
    let tree = this.#trees.get(this.device)
    if (!tree) {
      tree = new ProcessTree(this.device, this.random, this.#start)
      this.#trees.set(this.device, tree)
    }
    return tree
  }

  /** Puts another device on stage, one with this operating system if there is any. */
  deviceWith(os: Device['os']): void {
    for (let attempt = 0; attempt < 20 && this.device.os !== os; attempt++) {
      this.device = this.random.pick(this.fleet.devices)
    }
    this.account = this.device.owner
  }
}
