import { vi } from 'vitest'

/** Tries until the expectations hold; the limit leaves room for a busy machine. */
export async function eventually(expectations: () => unknown): Promise<void> {
  await vi.waitFor(expectations, 20_000)
}
