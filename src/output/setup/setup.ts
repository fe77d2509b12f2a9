import { XdrelayError } from '../../core/errors.ts'
import { connectionProblem, ElasticsearchClient, type ElasticsearchConnection } from '../elasticsearch-client.ts'
import type { AssetOptions } from './assets.ts'
import { applySetup, type Plan, planSetup } from './plan.ts'
import { SetupServer } from './server.ts'

export interface SetupOptions extends AssetOptions {
  readonly apply: boolean
  /** Replace what has the same name but was not made by xdrelay. */
  readonly force: boolean
}

/**
 * Compares the index templates of this package with those of a cluster, and installs them where that is asked for.
 * `tell` gets the plan before anything is changed.
 */
export async function setUpElasticsearch(
  connection: ElasticsearchConnection,
  options: SetupOptions,
  tell: (plan: Plan) => void,
  signal: AbortSignal,
): Promise<void> {
  const problem = connectionProblem(connection)
  if (problem) throw new XdrelayError('usage', problem.join(': '))
  const client = await ElasticsearchClient.open(connection)
  try {
    const server = new SetupServer(client, signal)
    const plan = await planSetup(server, options)
    tell(plan)
    if (options.apply) await applySetup(server, plan, options.force)
  } finally {
    await client.close()
  }
}
