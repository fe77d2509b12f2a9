import { versionId } from '../ids.ts'
import { currentRow } from './current.ts'
import type { PageRows } from './row.ts'
import { versionProblem } from './version.ts'

/** Each update of an alert is a document. */
export const alertRows: PageRows =
  ({ current }) =>
  item => {
    const problem = versionProblem(item)
    if (problem !== undefined) return problem
    const { id, lastUpdateDateTime, incidentId, providerAlertId } = item
    const versioned = versionId('alert', [id, lastUpdateDateTime], [incidentId, providerAlertId], item)
    return [{ properties: item, id: versioned }, ...(current ? [currentRow('alert', item)] : [])]
  }
