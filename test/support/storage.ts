import { onTestFinished } from 'vitest'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'

/** A storage account in memory, stopped when the test ends. */
export async function storageForTest(): Promise<Storage> {
  const storage = await startStorage()
  onTestFinished(() => storage.stop())
  return storage
}
