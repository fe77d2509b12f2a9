import { expect, test } from 'vitest'
import { pinned, pinnedFile } from '../../../src/collect/api/addresses.ts'

const graph = 'https://graph.microsoft.com'
const defender = 'https://api.security.microsoft.com'
const local = 'http://127.0.0.1:8080'

test.each([
  [graph, 'graph', 'https://graph.microsoft.com/v1.0/security/alerts_v2?$skiptoken=a%2Fb'],
  [graph, 'graph', 'https://graph.microsoft.com:443/x'],
  [local, 'graph', 'http://127.0.0.1:8080/x'],
  [defender, 'defender', 'https://eu.api.security.microsoft.com/api/machines'],
  [defender, 'defender', 'https://api-eu3.securitycenter.microsoft.com/api/machines'],
  [defender, 'defender', 'https://api.securitycenter.microsoft.com/api'],
  ['https://api-gov.securitycenter.microsoft.us', 'defender', 'https://api-gcc.securitycenter.microsoft.us/api'],
  [local, 'defender', 'https://us.api.security.microsoft.com/api'],
] as const)('a request to %s (%s) may be followed to %s, as it is', (endpoint, api, link) => {
  expect(pinned(link, endpoint, api)).toBe(link)
})

test.each([
  [graph, 'graph', 'http://graph.microsoft.com/x'],
  [graph, 'graph', 'https://graph.microsoft.com:8443/x'],
  [graph, 'graph', 'https://graph.microsoft.us/x'],
  [graph, 'graph', 'https://graph.microsoft.com.evil.example/x'],
  [graph, 'graph', 'https://graph.microsoft.com@evil.example/x'],
  [graph, 'graph', 'https://someone:pass@graph.microsoft.com/x'],
  [graph, 'graph', 'https://eu.api.security.microsoft.com/x'],
  [graph, 'graph', '/v1.0/security/alerts_v2'],
  [graph, 'graph', 'file:///etc/passwd'],
  [local, 'graph', 'http://127.0.0.1:8081/x'],
  [local, 'graph', 'http://localhost:8080/x'],
  [defender, 'defender', 'http://eu.api.security.microsoft.com/x'],
  [defender, 'defender', 'https://eu.api.security.microsoft.com:444/x'],
  [defender, 'defender', 'https://evilapi.security.microsoft.com/x'],
  [defender, 'defender', 'https://evil.securitycenter.microsoft.com/x'],
  [defender, 'defender', 'https://api.securitycenter.microsoft.com.evil.example/x'],
  [defender, 'defender', 'https://api-x.evil.securitycenter.microsoft.com/x'],
  [defender, 'defender', 'https://account.blob.core.windows.net/x'],
] as const)('a request to %s (%s) is not followed to %s', (endpoint, api, link) => {
  expect(() => pinned(link, endpoint, api)).toThrow(expect.objectContaining({ kind: 'api_address_refused' }))
})

test.each([
  [defender, 'https://account.blob.core.windows.net/c/f.json.gz?sig=x'],
  [defender, 'https://account.z12.blob.core.windows.net/c/f?sig=x'],
  [defender, 'https://account.blob.core.usgovcloudapi.net/c/f?sig=x'],
  [local, 'http://127.0.0.1:8080/export/f?sig=x'],
  ['http://[::1]:8080', 'http://[::1]:8080/export/f?sig=x'],
])('an answer of %s may lead to the file %s', (endpoint, link) => {
  expect(pinnedFile(link, endpoint)).toBe(link)
})

test.each([
  [defender, 'http://account.blob.core.windows.net/f'],
  [defender, 'https://account.blob.core.windows.net:444/f'],
  [defender, 'https://blob.core.windows.net/f'],
  [defender, 'https://evil.example/account.blob.core.windows.net'],
  [defender, 'https://account.blob.core.windows.net.evil.example/f'],
  [defender, 'https://api.security.microsoft.com/f'],
  [local, 'http://127.0.0.1:8081/f'],
  [local, 'http://169.254.169.254/metadata'],
])('an answer of %s does not lead to %s', (endpoint, link) => {
  expect(() => pinnedFile(link, endpoint)).toThrow(expect.objectContaining({ kind: 'api_address_refused' }))
})
