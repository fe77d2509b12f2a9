import { expect, test } from 'vitest'
import { splitCommandLine } from '../../../src/transform/mapping/command-line.ts'
import { conversions, fingerprint } from '../../../src/transform/mapping/convert.ts'
import { toDate, toMillis } from '../../../src/transform/mapping/dates.ts'
import { splits } from '../../../src/transform/mapping/split.ts'

test('R12: the fingerprint is the one of Elasticsearch', () => {
  expect(fingerprint('foo')).toBe('WoyqQDn9vALAGmScjA9Z2yg7sos=')
})

test.each([
  ['2026-03-01T08:15:40.9876543Z', '2026-03-01T08:15:40.987Z', '2026-03-01T08:15:40.9876543Z'],
  ['2026-03-01T08:15:40Z', '2026-03-01T08:15:40.000Z', '2026-03-01T08:15:40Z'],
  ['2026-03-01T08:15:40.5Z', '2026-03-01T08:15:40.500Z', '2026-03-01T08:15:40.5Z'],
  ['2026-03-01T08:15:40.0000000', '2026-03-01T08:15:40.000Z', '2026-03-01T08:15:40.0000000Z'],
  ['2026-03-01 08:15:40.1234567', '2026-03-01T08:15:40.123Z', '2026-03-01T08:15:40.1234567Z'],
  ['2026-03-01T10:15:40.1234567+02:00', '2026-03-01T08:15:40.123Z', '2026-03-01T10:15:40.1234567+02:00'],
  ['2026-03-01', '2026-03-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z', '0001-01-01T00:00:00Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z', '2024-02-29T00:00:00Z'],
  ['2026-02-29T00:00:00Z', undefined, undefined],
  ['2026-13-01T00:00:00Z', undefined, undefined],
  ['2026-03-01T24:00:00Z', undefined, undefined],
  ['1772352940', undefined, undefined],
  ['yesterday', undefined, undefined],
])('the date %s', (text, millis, date) => {
  expect(toMillis(text)).toBe(millis)
  expect(toDate(text)).toBe(date)
})

test.each([
  ['a.exe  -x\t-y', ['a.exe', '-x', '-y']],
  ['"C:\\Program Files\\a.exe" -x', ['C:\\Program Files\\a.exe', '-x']],
  ['a "b \\" c" d', ['a', 'b " c', 'd']],
  ['a "C:\\dir\\\\" e', ['a', 'C:\\dir\\', 'e']],
  ['a \\\\server\\share "x""y"', ['a', '\\\\server\\share', 'x"y']],
  ['a "" b', ['a', 'b']],
  ['pre"fix and"post', ['prefix andpost']],
  ['"unclosed quote', ['unclosed quote']],
  ['', []],
])('the command line %s', (line, args) => {
  expect(splitCommandLine(line)).toEqual(args)
})

const split = (name: string, ...values: unknown[]) => JSON.parse(JSON.stringify(splits[name]!.run(...values) ?? {}))

test.each([
  [
    'https://u:p@Host.example:8443/a/b.html?q=1#f',
    {
      ...{ scheme: 'https', username: 'u', password: 'p', user_info: 'u:p', domain: 'Host.example', port: 8443 },
      ...{ path: '/a/b.html', extension: 'html', query: 'q=1', fragment: 'f' },
    },
  ],
  ['host.example', { domain: 'host.example' }],
  ['host.example:443', { domain: 'host.example', port: 443 }],
  ['host.example/a?b', { domain: 'host.example', path: '/a', query: 'b' }],
  ['http://[::1]:80/', { scheme: 'http', domain: '[::1]', port: 80, path: '/' }],
  ['::: not a url', {}],
])('the address %s', (url, parts) => {
  expect(split('uri', url)).toEqual({ original: url, ...parts })
})

test.each([
  ['HKEY_LOCAL_MACHINE\\SOFTWARE\\x', { hive: 'HKLM', key: 'SOFTWARE\\x' }],
  ['hku\\S-1', { hive: 'HKU', key: 'S-1' }],
  ['SOFTWARE\\x', { key: 'SOFTWARE\\x' }],
  ['HKEY_USERS', { hive: 'HKU' }],
])('the registry key %s', (key, parts) => {
  expect(split('registry', key)).toEqual(parts)
})

test.each([
  ['000D3A9EC781', '00-0D-3A-9E-C7-81'],
  ['00:0d:3a:9e:c7:81', '00-0D-3A-9E-C7-81'],
])('the hardware address %s', (text, mac) => {
  expect(conversions.mac(text)).toBe(mac)
})

test('an address with a zone is none that can be indexed', () => {
  expect(conversions.ip('fe80::1%eth0')).toBeUndefined()
  expect(conversions.ip('2001:8b0:1f05:0:0:0:0:1077')).toBe('2001:8b0:1f05:0:0:0:0:1077')
})

test('answers and times to live go together', () => {
  expect(conversions.dns_answers('["a.example","10.0.0.1"]', '[300.0,60]')).toEqual([
    { data: 'a.example', ttl: 300 },
    { data: '10.0.0.1', ttl: 60 },
  ])
  expect(conversions.dns_answers('["a","b"]', '[1]')).toEqual([{ data: 'a', ttl: 1 }, { data: 'b' }])
})

test.each([
  ['7.8', 7.8],
  [10, 10],
  ['98', undefined],
  ['-1', undefined],
  ['high', undefined],
  ['9'.repeat(400), undefined],
])('the CVSS score %s', (value, score) => {
  expect(conversions.cvss_score(value)).toBe(score)
})

test.each([
  ['46.948', '7.4474', { lat: 46.948, lon: 7.4474 }],
  [-90, 180, { lat: -90, lon: 180 }],
  ['90.1', '0', undefined],
  ['0', '-180.1', undefined],
  ['0', undefined, undefined],
  ['46,9', '7', undefined],
])('a point at %s, %s', (latitude, longitude, point) => {
  expect(conversions.geo_point(latitude, longitude)).toEqual(point)
})

test.each([
  [12, 12_000_000],
  ['0.0015', 1500],
  ['-3', undefined],
  ['9'.repeat(20), undefined],
  ['12 ms', undefined],
])('%s milliseconds in nanoseconds', (value, nanoseconds) => {
  expect(conversions.nanoseconds(value)).toBe(nanoseconds)
})

test.each([
  ['cve-2026-10001', 'https://www.cve.org/CVERecord?id=CVE-2026-10001'],
  ['TVM-2026-0003', undefined],
  ['CVE-2026-1/../x', undefined],
])('the page of %s', (id, url) => {
  expect(conversions.cve_url(id)).toBe(url)
})

test.each([
  ['ch', 'CH'],
  ['Switzerland', undefined],
  ['4', undefined],
])('the country code %s', (value, code) => {
  expect(conversions.country_code(value)).toBe(code)
})
