import { type ErrorName, XdrelayError } from '../../core/errors.ts'
import { redact } from '../../core/secret.ts'
import { type HttpAnswer, jsonObject } from '../api/http.ts'

/** What the numbers behind `AADSTS` mean to an operator. Entra asks to branch on `error`; these only explain. */
const known: Readonly<Record<number, readonly [kind: ErrorName, text: string]>> = {
  7000215: ['app_secret_refused', 'the client secret is wrong; often the id of the secret was taken for its value'],
  7000222: ['app_secret_expired', 'the client secret has expired'],
  7000218: ['app_secret_refused', 'no client secret was given'],
  700027: ['app_proof_refused', 'the application does not have this certificate'],
  700024: ['app_proof_refused', 'the signed request is not of this time; the clock of this machine may be wrong'],
  700023: ['app_proof_refused', 'the signed request names another address than the one that was asked'],
  700021: ['app_proof_refused', 'the signed request names another client id'],
  50027: ['app_proof_refused', 'what the application says for itself cannot be read'],
  70021: ['app_proof_refused', 'no federated credential of the application fits the token of this workload'],
  700211: ['app_proof_refused', 'no federated credential of the application names the issuer of the token'],
  700212: ['app_proof_refused', 'no federated credential of the application names the audience of the token'],
  700213: ['app_proof_refused', 'no federated credential of the application names the subject of the token'],
  900144: ['app_secret_refused', 'a parameter is missing'],
  700016: ['app_not_found', 'there is no application with this client id in the tenant'],
  90002: ['tenant_not_found', 'there is no such tenant in this cloud'],
  900023: ['tenant_not_found', 'the tenant id is malformed'],
  90023: ['tenant_not_found', 'the tenant id is malformed'],
  9001023: ['tenant_not_found', '`common` is no tenant'],
  90038: ['cloud_mismatch', 'the tenant belongs to another national cloud'],
  900382: ['cloud_mismatch', 'the tenant belongs to another national cloud'],
  900432: ['cloud_mismatch', 'the tenant belongs to another national cloud'],
  70011: ['cloud_mismatch', 'the scope is not valid there'],
  28002: ['cloud_mismatch', 'the scope is not valid there'],
  1002012: ['cloud_mismatch', 'the scope is not valid there'],
  700022: ['cloud_mismatch', 'the scope names several resources'],
  500011: ['api_not_in_tenant', 'the tenant does not have this API'],
  7000112: ['app_disabled', 'the application is disabled'],
  53003: ['access_blocked', 'Conditional Access blocks the application'],
  530032: ['access_blocked', 'Conditional Access blocks the application'],
  90055: ['entra_unavailable', 'Entra throttles the tenant'],
  90033: ['entra_unavailable', 'Entra is not available at the moment'],
  90024: ['entra_unavailable', 'Entra is not available at the moment'],
  90006: ['entra_unavailable', 'Entra is not available at the moment'],
  90012: ['entra_unavailable', 'Entra did not answer in time'],
  50000: ['entra_unavailable', 'Entra could not issue a token'],
}

interface Refusal {
  readonly error?: unknown
  readonly error_description?: unknown
  readonly error_codes?: readonly unknown[]
  readonly trace_id?: unknown
}

/** Why there is no token, in words, with the trace id that Microsoft's support asks for. */
export function entraRefusal({ status, body }: HttpAnswer): XdrelayError {
  const { error, error_description: description, error_codes: codes, trace_id: trace } = jsonObject(body) as Refusal
  const number = Number(codes?.[0])
  const [kind, text] = known[number] ?? [
    status >= 500 || status === 429 || error === 'temporarily_unavailable' ? 'entra_unavailable' : 'entra_refused',
    firstSentence(description) ?? `Entra answered with status ${status}`,
  ]
  const source = Number.isNaN(number) ? '' : ` (AADSTS${number})`
  const support = typeof trace === 'string' ? `, trace id ${trace}` : ''
  return new XdrelayError(kind, redact(`${text}${source}${support}`), {
    facts: { status, ...(Number.isNaN(number) ? {} : { aadsts: number }) },
  })
}

/** Without the ids and the time that follow, which are new each time. */
function firstSentence(description: unknown): string | undefined {
  if (typeof description !== 'string') return undefined
  return description
    .replace(/^AADSTS\d+: /, '')
    .split(/ Trace ID: |\r|\n/)[0]!
    .slice(0, 500)
}
