import { describe, expect, test } from 'vitest'
import { formatFinding } from '../../src/config/finding.ts'
import { checkConfig } from '../../src/config.ts'
import { Secret } from '../../src/core/secret.ts'
import { complete, env, withLine } from './samples.ts'

const archive = '    file: { path: "./out/{table}.ndjson" }\n'
const siem = '    elasticsearch: { urls: ["http://127.0.0.1:9200"], namespace: default }\n'
const variables = { ...env, HASH_KEY: 'sixteen letters!' }

const findingsOf = (text: string) => checkConfig(text, 'xdrelay.yaml', variables).findings.map(formatFinding)
const withArchive = (more: string) => withLine(archive, `${archive}    ${more}\n`)
const withSiem = (more: string) => withLine(siem, `${siem}    ${more}\n`)

describe('what an output gets', () => {
  test('is ECS documents with all fields, unless it is configured', () => {
    const { config } = checkConfig(complete, 'xdrelay.yaml', variables)
    expect(config?.outputs.map(({ format, fields }) => [format, fields])).toEqual([
      ['ecs', undefined],
      ['ecs', undefined],
    ])
    expect(config?.transform.preserveOriginalEvent).toBe(false)
  })

  test('reaches the output as it is written', () => {
    const text = withArchive(
      `fields: { drop: [user.email, "*.upn"], hash: [related.user], hash_key: "\${env:HASH_KEY}" }`,
    )
    const { config, findings } = checkConfig(`${text}preserve_original_event: true\n`, 'xdrelay.yaml', variables)
    expect(findings).toEqual([])
    const fields = config!.outputs[1]!.fields!
    expect(fields).toEqual({ drop: ['user.email', '*.upn'], hash: ['related.user'], hashKey: expect.any(Secret) })
    expect(fields.hashKey!.reveal()).toBe('sixteen letters!')
    expect(JSON.stringify(config)).not.toContain('sixteen')
    expect(config!.transform.preserveOriginalEvent).toBe(true)
    expect(checkConfig(withArchive('format: raw'), 'xdrelay.yaml', variables).config?.outputs[1]?.format).toBe('raw')
  })

  test.each<[string, string, string]>([
    [
      'raw records in a data stream',
      withSiem('format: raw'),
      'xdrelay.yaml:16:13  outputs.siem.format: a record as it was received has no @timestamp, without which the target refuses it (found: raw)\n    fix: Write `ecs`, or use another kind of output, such as `file`.',
    ],
    [
      'raw records without some fields',
      withArchive('format: raw\n    fields: { drop: [user.name] }'),
      'xdrelay.yaml:18:13  outputs.archive.format: records go out exactly as they were received, so `fields` cannot take anything out of them (found: raw)\n    fix: Write `ecs`, or remove `fields`.',
    ],
    [
      'another format',
      withArchive('format: rwa'),
      'xdrelay.yaml:18:13  outputs.archive.format: expected one of ecs, raw (found: rwa)\n    fix: Did you mean `raw`?',
    ],
    [
      'a hash without a key',
      withArchive('fields: { hash: [user.name] }'),
      `xdrelay.yaml:18:5  outputs.archive.fields.hash_key: is required with \`hash\` (found: nothing)\n    fix: Add hash_key: \${file:/run/secrets/NAME} or \${env:NAME}, at least 16 random characters.`,
    ],
    [
      'a key without a hash',
      withArchive(`fields: { drop: [user.name], hash_key: "\${env:HASH_KEY}" }`),
      'xdrelay.yaml:18:44  outputs.archive.fields.hash_key: has no use without `hash` (found: [redacted])\n    fix: Remove it, or add `hash`.',
    ],
    [
      'a key that can be tried out',
      withArchive(`fields: { hash: [user.name], hash_key: "\${env:STORAGE_ACCOUNT}" }`),
      'xdrelay.yaml:18:44  outputs.archive.fields.hash_key: is shorter than 16 (found: [redacted])\n    fix: Give a longer text.',
    ],
    [
      'no field',
      withArchive('fields:'),
      'xdrelay.yaml:18:12  outputs.archive.fields: names no field (found: nothing)\n    fix: Add `drop` or `hash`, or remove `fields`.',
    ],
    [
      'what is no path',
      withArchive('fields:\n      drop:\n        - user.name\n        - user..email'),
      'xdrelay.yaml:21:11  outputs.archive.fields.drop[1]: is not the path of a field (found: user..email)\n    fix: Write names with a dot between them, such as user.name; * stands for any characters.',
    ],
    [
      'a field that a data stream needs',
      withSiem('fields: { drop: [user.name, "*stamp"] }'),
      'xdrelay.yaml:16:33  outputs.siem.fields.drop[1]: takes in @timestamp, without which the target refuses a document (found: *stamp)\n    fix: Name fields that do not include @timestamp.',
    ],
    [
      'ids that confirm a guess',
      `${withArchive('fields: { drop: [user.name] }')}ids: content\n`,
      'xdrelay.yaml:25:6  ids: made of the whole record, such an id confirms a guess at what output archive drops or hashes (found: content)\n    fix: Write `position`, or remove `fields` of output archive.',
    ],
  ])('is not %s', (_title, text, expected) => {
    expect(findingsOf(text)).toEqual([expected])
  })

  test.each(['!user.name', ' user.name', 'user. name', '.user', 'user.', '.', 'a\u0000b'])(
    'is never chosen by %j',
    pattern => {
      const findings = findingsOf(withArchive(`fields: { drop: [${JSON.stringify(pattern)}] }`))
      expect(findings).toEqual([expect.stringContaining('is not the path of a field')])
    },
  )

  test.each([
    ['user.nmae', 'Did you mean `user.name`?'],
    ['m365_defender.event.acount.*', 'Look at a document, for example of `xdrelay map`.'],
    ['User.name', 'Did you mean `user.name`?'],
  ])('is doubted when nothing has the path %s', (pattern, fix) => {
    const { config, findings } = checkConfig(withArchive(`fields: { drop: [${pattern}] }`), 'xdrelay.yaml', variables)
    expect(findings.map(formatFinding)).toEqual([
      `xdrelay.yaml:18:22  warning: outputs.archive.fields.drop[0]: is a field of no documented table (found: ${pattern})\n    fix: ${fix}`,
    ])
    expect(config).toBeDefined()
  })

  test.each([
    'user',
    'm365_defender.event.additional_fields.TO.DEVICE',
    'm365_defender.event.dns.qtype_name',
    'azure.offset',
    'xdrelay.notes',
    'event.original',
    '*.upn',
    'm365_defender.event.account.*',
  ])('is not doubted for %s', pattern => {
    expect(findingsOf(withArchive(`fields: { drop: ["${pattern}"] }`))).toEqual([])
  })

  test('may lack @timestamp where nothing needs it', () => {
    expect(findingsOf(withArchive('fields: { drop: ["*"] }'))).toEqual([])
  })

  test('a key that stands in the file is a warning', () => {
    const findings = findingsOf(withArchive('fields: { hash: [user.name], hash_key: in plain text alas }'))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toContain('warning: outputs.archive.fields.hash_key')
    expect(findings[0]).not.toContain('alas')
  })
})
