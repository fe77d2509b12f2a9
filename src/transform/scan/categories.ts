import { copyOf, hashOf, isSame } from './bytes.ts'

/** What follows what, in the envelope and in the properties of records of one category. */
export interface Order {
  readonly envelope: Int16Array
  readonly columns: Int16Array
}

export interface Category {
  /** In one piece: it may be kept. */
  readonly name: string
  readonly order: Order
}

/** No more are told apart by their bytes: there are about 60, and who sends more does not mean well. */
const most = 200
const slots = 512

/** The categories that came, by their bytes, so that each is one string and has one order of keys. */
export class Categories {
  readonly #entries: ({ readonly bytes: DataView; readonly category: Category } | undefined)[] = new Array(slots)
  readonly #newOrder: () => Order
  #count = 0

  constructor(newOrder: () => Order) {
    this.#newOrder = newOrder
  }

  /** Of a text of ASCII without escapes; undefined where there are too many, or it is hardly a category. */
  find(view: DataView, from: number, to: number): Category | undefined {
    const length = to - from
    if (length < 4 || length > 100) return undefined
    for (let slot = hashOf(view, from, to) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const entry = this.#entries[slot]
      if (entry === undefined) return this.#add(slot, view, from, to)
      const { bytes, category } = entry
      if (category.name.length === length && isSame(bytes, 0, view, from, length)) return category
    }
  }

  #add(slot: number, view: DataView, from: number, to: number): Category | undefined {
    if (this.#count === most) return undefined
    this.#count++
    const bytes = copyOf(view, from, to)
    const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    const category = { name, order: this.#newOrder() }
    this.#entries[slot] = { bytes, category }
    return category
  }
}
