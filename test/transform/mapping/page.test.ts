import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { datasets } from '../../../src/transform/mapping/datasets.ts'
import { loadRuleFiles } from '../../../src/transform/mapping/rule-files.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { familySections, itemIndex, itemSections, tableIndex, vendorIndex } from './page.ts'
import { evidenceIndex, evidenceSection } from './page-evidence.ts'

const page = 'docs/mapping.md'
const read = () => readFileSync(page, 'utf8')

// `npm test -- test/transform/mapping/page.test.ts --update` writes it anew.
test('docs/mapping.md tells what the rules do, table by table and field by field', async () => {
  const blocks = {
    tables: tableIndex(),
    families: familySections(),
    items: itemSections(),
    evidence: evidenceSection(),
    columns: vendorIndex(),
    keys: itemIndex(),
    'evidence keys': evidenceIndex(),
  }
  const text = Object.entries(blocks).reduce(
    (whole, [name, block]) =>
      whole.replace(new RegExp(`(<!-- ${name} -->\n).*?(<!-- end -->)`, 's'), (_, start, end) => start + block + end),
    read(),
  )
  await expect(text).toMatchFileSnapshot(`../../../${page}`)
})

test('R20: docs/mapping.md lists what is unusual and kept', () => {
  const [, quirks = ''] = /^## Kept on purpose\n(.*)/ms.exec(read()) ?? []
  expect(quirks.match(/^\| .* \| .* \|$/gm)?.length).toBeGreaterThan(5)
})

test('docs/mapping.md has every table and a section for every rule file', () => {
  const text = read()
  const missing = loadSchemas()
    .map(({ table }) => table)
    .filter(table => !text.includes(`\n| ${table} | [`))
  expect(missing).toEqual([])
  const sections = [...text.matchAll(/^### (\S+)$/gm)].map(([, name]) => `${name}.yaml`)
  const files = new Set([...datasets.flatMap(loadRuleFiles).map(({ file }) => file), 'api/evidence.yaml'])
  const headings = sections.filter(name => !name.startsWith('m365_defender.'))
  expect(headings.sort()).toEqual([...files].sort())
})
