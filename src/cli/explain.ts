import { Command } from 'commander'
import { XdrelayError } from '../core/errors.ts'
import { createExplainer } from '../transform/explain/explain.ts'
import { wholeNumber } from './arguments.ts'
import { answer } from './explain/answer.ts'
import { explainCode, isCode } from './explain/code.ts'
import { choose } from './explain/input.ts'
import { surroundingsOf } from './explain/surroundings.ts'
import { answerLines } from './explain/text.ts'
import { openInput } from './map/batches.ts'
import type { InputForm } from './map/body.ts'
import { formOptions } from './map/options.ts'
import { print } from './terminal.ts'

interface ExplainOptions extends InputForm {
  readonly record: number
  readonly line?: number
  readonly field?: string
  readonly pair: number
  readonly config?: string
  readonly json?: true
}

/** Why a document is as it is. Connects to nothing. */
export function explainCommand(): Command {
  const command = new Command('explain')
    .description('Explain a record: where each column goes, which rule sets each field, or why a field is empty')
    .argument('[file]', 'records as for map, or dead letters; - is standard input; or the code of an error', '-')
    .option('--record <n>', 'which record of the input, from 1', wholeNumber(1), 1)
    .option('--line <n>', 'look at this line of the input only, from 1', wholeNumber(1))
    .option('--field <name>', 'only this field and those below it, or only this column')
    .option('--pair <n>', 'which document of an incident, from 1: there is one for each alert', wholeNumber(1), 1)
    .option('-c, --config <file>', 'explain what a run of this configuration does, and what its outputs do')
    .option('--json', 'print one JSON object')
    .action(explain)
  for (const option of formOptions()) command.addOption(option)
  return command
}

async function explain(file: string, options: ExplainOptions): Promise<void> {
  const { json = false, config, field } = options
  if (isCode(file)) return explainCode(file, json)
  if (file === '-' && config === '-') throw new XdrelayError('usage', 'standard input is either records or --config')
  const chosen = await choose(openInput(file), options)
  const surroundings = await surroundingsOf(chosen, config)
  const place = { ...surroundings, record: chosen.record, pair: options.pair - 1 }
  const explained = createExplainer(surroundings.options)(place)
  if (explained.envelope === null && explained.reject === null) {
    throw new XdrelayError('input_unreadable', `the item has no document ${options.pair}`)
  }
  const found = answer(explained, chosen, surroundings, field)
  if (json) print(JSON.stringify(found))
  else for (const line of answerLines(found, field)) print(line)
}
