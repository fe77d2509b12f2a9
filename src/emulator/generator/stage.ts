import type { Account, Device, Fleet } from './fleet.ts'
import type { ProcessTree } from './processes.ts'
import type { Random } from './random.ts'
import type { Instant } from './time.ts'

/** What a story is made from: the tenant at one moment. */
export interface Stage {
  readonly random: Random
  readonly fleet: Fleet
  readonly now: Instant
  readonly device: Device
  readonly account: Account
  tree(): ProcessTree
}
