import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'

/**
 * A lock that the kernel ends together with its process, however that ends. A pid in a file could not tell a dead
 * process from another one, of another container perhaps, that has its number now. The file is a database of SQLite,
 * because that is what Node offers such locks through; in it stands who has the lock, for people.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The lock, or who has it. Throws what the file system said. */
  static take(path: string, pid: number): DirectoryLock | string {
    const database = new DatabaseSync(path)
    try {
      database.exec('BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (name TEXT); DELETE FROM holder')
      database.prepare('INSERT INTO holder VALUES (?)').run(`process ${pid} on ${hostname()}`)
      // Committed, others can read the name; begun again, nobody else can begin.
      database.exec('COMMIT; BEGIN IMMEDIATE')
      return new DirectoryLock(database)
    } catch (error) {
      const holder = isBusy(error) ? holderIn(database) : undefined
      database.close()
      if (holder === undefined) throw error
      return holder
    }
  }

  free(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

function holderIn(database: DatabaseSync): string {
  try {
    return String(database.prepare('SELECT name FROM holder').get()?.name)
  } catch {
    return 'another process'
  }
}

/** SQLITE_BUSY: what an open transaction of another connection ends in, with no time to wait for it. */
function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 5
}
