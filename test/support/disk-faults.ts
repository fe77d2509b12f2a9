import { type FileHandle, open } from 'node:fs/promises'
import { onTestFinished, vi } from 'vitest'

/** Lets the next write of this process take `bytes` bytes, and fail with `code` for the rest. */
export async function failNextWrite(bytes: number, code: string): Promise<void> {
  const prototype = await handlePrototype()
  const real = prototype.writev
  const writev = vi.spyOn(prototype, 'writev').mockImplementationOnce(async function (this: FileHandle, buffers) {
    const part = Buffer.concat(buffers as Uint8Array[]).subarray(0, bytes)
    await real.call(this, [part])
    vi.spyOn(prototype, 'write').mockRejectedValueOnce(fault(code))
    return { bytesWritten: bytes, buffers: [...buffers] }
  })
  onTestFinished(() => void writev.mockRestore())
}

/** Lets the next fsync of this process fail. */
export async function failNextSync(code: string): Promise<void> {
  const datasync = vi.spyOn(await handlePrototype(), 'datasync').mockRejectedValueOnce(fault(code))
  onTestFinished(() => void datasync.mockRestore())
}

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: made to fail`), { code })
}

async function handlePrototype(): Promise<FileHandle> {
  const handle = await open(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle)
}
