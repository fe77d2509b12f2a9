import type { Kernel } from '../../kernel/kernel.ts'

/** The members of the JSON in one column that rules read: each has a slot, behind those of the columns. */
export class Inner {
  readonly names: string[] = []
  readonly slots: number[] = []
  /** Where the kernel has the names as a dictionary, and the slots in its order. */
  namesAt = 0
  slotsAt = 0

  /** Once all are known. */
  put(kernel: Kernel): void {
    this.namesAt = kernel.names(this.names)
    this.slotsAt = kernel.put(Buffer.from(Int16Array.from(this.slots).buffer))
  }
}
