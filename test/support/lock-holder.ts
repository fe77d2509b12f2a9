import { DirectoryLock } from '../../src/storage/directory-lock.ts'

// Holds the lock of the path given until it is killed.
DirectoryLock.take(process.argv[2]!, process.pid)
process.send!('held')
setInterval(() => {}, 60_000)
