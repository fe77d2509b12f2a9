import { Option } from 'commander'
import { collected } from '../../transform/mapping/datasets.ts'

/** What objects are taken for: each command that reads records has these. */
export function formOptions(): Option[] {
  return [
    new Option('--table <name>', 'take objects without category and properties for the properties of this table'),
    new Option('--dataset <name>', "take objects for items of an API's pages, or for such pages")
      .choices(collected)
      .conflicts('table'),
  ]
}
