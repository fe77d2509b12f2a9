/** Lets through while it is open. Those who wait at a shut gate go on when it opens. */
export class Gate {
  #shut: PromiseWithResolvers<void> | undefined

  shut(): void {
    this.#shut ??= Promise.withResolvers()
  }

  open(): void {
    this.#shut?.resolve()
    this.#shut = undefined
  }

  get isOpen(): boolean {
    return this.#shut === undefined
  }

  async pass(): Promise<void> {
    while (this.#shut) await this.#shut.promise
  }
}
