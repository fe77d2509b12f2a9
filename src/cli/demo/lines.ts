import { open } from 'node:fs/promises'

/** Each line of a file as JSON; none where there is no such file. */
export async function* linesOf<Line>(path: string): AsyncGenerator<Line> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return
  for await (const line of file.readLines()) yield JSON.parse(line) as Line
}
