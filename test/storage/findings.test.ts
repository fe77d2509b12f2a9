import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { checkpointsProblems } from '../../src/storage/findings.ts'
import type { CheckpointsOptions } from '../../src/storage/options.ts'

const store = (options: Partial<CheckpointsOptions>) =>
  checkpointsProblems({ container: 'xdrelay-checkpoints', createContainer: true, interval: 5000, ...options })

describe('checkpoints', () => {
  const accountKey = new Secret(Buffer.alloc(64, 7).toString('base64'))

  test.each<[string, Partial<CheckpointsOptions>]>([
    ['account and key', { storageAccount: 'acct', storageAccountKey: accountKey }],
    [
      'a key of a few bytes, as a local account may have',
      { storageAccount: 'acct', storageAccountKey: new Secret('YQ==') },
    ],
    ['account, key and endpoint', { storageAccount: 'acct', storageAccountKey: accountKey, endpoint: 'http://h/acct' }],
    ['account and identity', { storageAccount: 'acct', auth: { kind: 'managed_identity' } }],
    ['a connection string', { connectionString: new Secret(`AccountName=a;AccountKey=${accountKey.reveal()}`) }],
    ['the local emulator', { connectionString: new Secret('UseDevelopmentStorage=true') }],
    ['a directory', { directory: '/var/lib/xdrelay' }],
  ])('%s is fine', (_what, options) => {
    expect(store(options)).toEqual([])
  })

  test.each<[string, Partial<CheckpointsOptions>, string]>([
    ['nothing', {}, ''],
    ['an account without credentials', { storageAccount: 'acct' }, ''],
    ['a key without an account', { storageAccountKey: accountKey, endpoint: 'http://h' }, 'storage_account'],
    ['a key that is none', { storageAccount: 'a', storageAccountKey: new Secret('not a key!') }, 'storage_account_key'],
    ['a key that is cut', { storageAccount: 'a', storageAccountKey: new Secret('not64') }, 'storage_account_key'],
    ['a torn connection string', { connectionString: new Secret('AccountName=a;AccountKey=%%%') }, 'connection_string'],
    [
      'two credentials',
      { storageAccount: 'a', storageAccountKey: accountKey, auth: { kind: 'managed_identity' } },
      'auth',
    ],
    [
      'a directory beside an account',
      { directory: '/state', connectionString: new Secret('UseDevelopmentStorage=true') },
      'connection_string',
    ],
    ['a directory beside an identity', { directory: '/state', auth: { kind: 'managed_identity' } }, 'auth'],
    [
      'an impossible container',
      { connectionString: new Secret('UseDevelopmentStorage=true'), container: 'Up_' },
      'container',
    ],
  ])('%s is one finding', (_what, options, path) => {
    const problems = store(options)
    expect(problems.map(each => each.path.join('.'))).toEqual([path])
    expect(JSON.stringify(problems)).not.toMatch(/not a key|not64|%%%/)
  })
})
