import { expect, test } from 'vitest'
import { entraRefusal } from '../../../src/collect/access/entra-refusal.ts'
import { apiRefusal, lacksRole } from '../../../src/collect/api/refusal.ts'

/** As Entra answers, with a secret that it quotes as it never should. */
function refusal(code: number, error: string, status: number) {
  const body = JSON.stringify({
    error,
    error_description: `AADSTS${code}: Something, client_secret=Canary~1. Trace ID: 1f Correlation ID: 2e Timestamp: 3d`,
    error_codes: [code],
    trace_id: '9c2d7a30-0000-4000-8000-000000000000',
  })
  return entraRefusal({ status, headers: {}, body })
}

test.each<[code: number, error: string, status: number, kind: string, exit: number, words: RegExp]>([
  [7000215, 'invalid_client', 401, 'app_secret_refused', 77, /secret is wrong.*id of the secret/],
  [7000222, 'invalid_client', 401, 'app_secret_expired', 77, /expired/],
  [700016, 'unauthorized_client', 400, 'app_not_found', 77, /no application with this client id in the tenant/],
  [90002, 'invalid_request', 400, 'tenant_not_found', 78, /no such tenant/],
  [900023, 'invalid_request', 400, 'tenant_not_found', 78, /malformed/],
  [90023, 'invalid_request', 400, 'tenant_not_found', 78, /malformed/],
  [90038, 'invalid_request', 400, 'cloud_mismatch', 78, /another national cloud/],
  [900382, 'invalid_request', 400, 'cloud_mismatch', 78, /another national cloud/],
  [900432, 'invalid_request', 400, 'cloud_mismatch', 78, /another national cloud/],
  [7000218, 'invalid_client', 401, 'app_secret_refused', 77, /no client secret/],
  [900144, 'invalid_request', 400, 'app_secret_refused', 77, /parameter is missing/],
  [70011, 'invalid_scope', 400, 'cloud_mismatch', 78, /scope/],
  [28002, 'invalid_scope', 400, 'cloud_mismatch', 78, /scope/],
  [1002012, 'invalid_scope', 400, 'cloud_mismatch', 78, /scope/],
  [500011, 'invalid_resource', 400, 'api_not_in_tenant', 78, /tenant does not have this API/],
  [7000112, 'unauthorized_client', 400, 'app_disabled', 77, /disabled/],
  [53003, 'interaction_required', 400, 'access_blocked', 77, /Conditional Access/],
  [530032, 'interaction_required', 400, 'access_blocked', 77, /Conditional Access/],
  [700022, 'invalid_scope', 400, 'cloud_mismatch', 78, /several resources/],
  [9001023, 'invalid_request', 400, 'tenant_not_found', 78, /`common` is no tenant/],
  [90033, 'temporarily_unavailable', 503, 'entra_unavailable', 69, /not available/],
  [90024, 'temporarily_unavailable', 503, 'entra_unavailable', 69, /not available/],
  [90006, 'temporarily_unavailable', 503, 'entra_unavailable', 69, /not available/],
  [90012, 'temporarily_unavailable', 503, 'entra_unavailable', 69, /did not answer in time/],
  [50000, 'server_error', 500, 'entra_unavailable', 69, /could not issue/],
  [90055, 'temporarily_unavailable', 429, 'entra_unavailable', 69, /throttles/],
  [123456, 'invalid_grant', 400, 'entra_refused', 77, /^Something/],
  [123456, 'temporarily_unavailable', 503, 'entra_unavailable', 69, /^Something/],
])('AADSTS%i, %s, is explained and has its exit code', (code, error, status, kind, exit, words) => {
  const found = refusal(code, error, status)
  expect({ kind: found.kind, exit: found.exit }).toEqual({ kind, exit })
  expect(found.message).toMatch(words)
  expect(found.message).toContain(`(AADSTS${code}), trace id 9c2d7a30-0000-4000-8000-000000000000`)
  expect(found.next).not.toBe('')
  expect(`${found.message} ${JSON.stringify(found.facts)}`).not.toMatch(/Canary|Correlation/)
})

test.each([
  [
    'Graph',
    'Forbidden',
    'Missing application roles. API required roles: SecurityAlert.Read.All, SecurityAlert.ReadWrite.All, application roles: .',
    true,
  ],
  ['Graph, otherwise', 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.', true],
  [
    'Defender for Endpoint',
    'Forbidden',
    'The application does not have any of the required application permissions (Vulnerability.Read.All) to access the resource.',
    true,
  ],
  ['Defender without a licence', 'DisabledFeature', 'This feature is disabled.', false],
])('status 403 of %s: is a permission missing', (_api, code, message, isRole) => {
  const answer = { status: 403, headers: { 'request-id': 'r1' }, body: JSON.stringify({ error: { code, message } }) }
  expect(lacksRole(answer)).toBe(isRole)
  expect(apiRefusal(answer)).toMatchObject({
    kind: 'api_forbidden',
    exit: 77,
    message: `status 403: ${message}`,
    facts: { status: 403, request_id: 'r1' },
  })
})

test('status 401 is about the token, whatever else the answer holds', () => {
  const body = JSON.stringify({ error: { code: 'InvalidAuthenticationToken', message: 'Lifetime validation failed.' } })
  expect(apiRefusal({ status: 401, headers: {}, body })).toMatchObject({ kind: 'api_unauthorized', exit: 77 })
  expect(apiRefusal({ status: 401, headers: {}, body: '' })).toMatchObject({ message: 'status 401' })
})
