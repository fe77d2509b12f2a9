import { expect, test } from 'vitest'
import { openedFor } from '../support/elasticsearch-output.ts'
import { type BulkAnswer, startFakeBulk } from '../support/fake-bulk.ts'

const never = new AbortController().signal
const html = { 'content-type': 'text/html' }
const product = { 'x-elastic-product': 'Elasticsearch' }

async function checkOf(answer: BulkAnswer) {
  const { url } = await startFakeBulk(() => answer)
  return { url, check: (await openedFor(url)).check(never, ['event']) }
}

test.each<[string, BulkAnswer]>([
  ['a page that was not found', { status: 404, headers: html, body: '<h1>Not Found</h1>' }],
  ['a page', { status: 200, headers: html, body: '<h1>Welcome</h1>' }],
  ['nothing', { status: 404, headers: html, body: '' }],
  ['JSON of something else', { status: 404, body: { message: 'no Route matched with those values' } }],
  ['an empty object', { status: 200, body: {} }],
  ['a redirect', { status: 302, headers: { ...html, location: 'https://login.example/' }, body: '' }],
])('a server that answers with %s is not taken for Elasticsearch', async (_, answer) => {
  const { url, check } = await checkOf(answer)
  await expect(check).rejects.toMatchObject({
    kind: 'output_unreachable',
    message: `${url} does not answer like Elasticsearch (status ${answer.status}); is another server or a proxy there?`,
  })
})

test.each<[string, BulkAnswer]>([
  ['says what product it is', { status: 404, headers: { ...html, ...product }, body: '' }],
  [
    'has no such endpoint, as without security',
    { status: 400, body: { error: 'no handler found for uri [/_security]' } },
  ],
  [
    'describes its error',
    { status: 405, body: { error: { type: 'illegal_argument_exception', reason: 'x' }, status: 405 } },
  ],
  ['grants the privilege, behind a proxy that hides the product', { body: { has_all_requested: true } }],
])('a server that %s is Elasticsearch', async (_, answer) => {
  const { check } = await checkOf(answer)
  expect(await check).toMatch(/^logs-m365_defender\.event-/)
})

test('with `dedupe: verify` the privilege to read is asked for as well', async () => {
  const body = {
    has_all_requested: false,
    index: { 'logs-m365_defender.event-default': { create_doc: true, read: false } },
  }
  const { url } = await startFakeBulk(() => ({ body }))
  const output = await openedFor(url, { dedupe: 'verify' })
  await expect(output.check(never, ['event'])).rejects.toThrow(
    'read on logs-m365_defender.event-default is not granted',
  )
})

test('a privilege on the current states that is missing is named beside one on the streams', async () => {
  const body = {
    has_all_requested: false,
    index: { 'logs-m365_defender.alert-default': { create_doc: true } },
  }
  const { url } = await startFakeBulk(() => ({ body }))
  await expect((await openedFor(url)).check(never, ['alert', 'event'], ['alert'])).rejects.toMatchObject({
    kind: 'output_unauthorized',
    message:
      'create_doc on logs-m365_defender.event-default is not granted; index on m365_defender.alert_current-default is not granted',
  })
})
