import { XdrelayError } from '../../core/errors.ts'
import { print } from '../terminal.ts'
import type { CollectionReport } from './collections.ts'
import { deadLetterFolder, outputFolder } from './parts.ts'
import type { Reconciliation } from './reconcile.ts'

/** Prints what was found. Throws `check_failed` when anything is missing or too much. */
export function report(found: Reconciliation, collections: readonly CollectionReport[], json: boolean): void {
  const holds = [found, ...collections].every(
    ({ missing, doubled, unknown }) => missing.length + doubled.length + unknown.length === 0,
  )
  if (json) print(JSON.stringify({ holds, ...found, reasons: Object.fromEntries(found.reasons), collections }))
  else for (const line of [...hubLines(found), ...collections.flatMap(collectionLines), verdict(holds)]) print(line)
  if (!holds) throw new XdrelayError('check_failed', 'the demo lost or doubled records')
}

function hubLines({ produced, delivered, deadLettered, missing, doubled, unknown, reasons }: Reconciliation): string[] {
  const causes = [...reasons].map(([reason, times]) => `${reason} ${times}`).join(', ')
  return [
    '',
    'event hub',
    `  produced       ${produced}`,
    `  delivered      ${delivered} distinct ids in ./${outputFolder}/*.ndjson`,
    `  dead-lettered  ${deadLettered} in ./${deadLetterFolder}/ (${causes})`,
    `  missing        ${missing.length}${examples(missing, 'partition/sequence/record')}`,
    `  doubled        ${doubled.length}${examples(doubled, 'partition/sequence/record')}`,
    ...(unknown.length > 0
      ? [`  not produced   ${unknown.length}${examples(unknown, 'partition/sequence/record')}`]
      : []),
  ]
}

/** Of items that change, every version that was seen is a document. */
function collectionLines({ name, held, delivered, missing, doubled, unknown }: CollectionReport): string[] {
  return [
    `${name}: the API holds ${held}`,
    `  delivered      ${delivered} distinct ids and versions in ./${outputFolder}/${name}.ndjson`,
    `  missing        ${missing.length}${examples(missing, 'id time')}`,
    `  doubled        ${doubled.length}${examples(doubled, 'id time')}`,
    ...(unknown.length > 0 ? [`  not held       ${unknown.length}${examples(unknown, 'id')}`] : []),
  ]
}

function verdict(holds: boolean): string {
  return holds
    ? 'reconciliation holds: produced = delivered + dead-lettered, and all that the APIs hold is delivered as it is now'
    : 'reconciliation FAILS'
}

function examples(places: readonly string[], form: string): string {
  return places.length === 0 ? '' : `, for example ${places.slice(0, 3).join(', ')} (${form})`
}
