import type { LoadOptions } from '../config.ts'

/** Where a command looks for its configuration: at `--config`, else in the working directory and the environment. */
export function configurationAt(path: string | undefined): LoadOptions {
  return { ...(path !== undefined && { path }), env: process.env, cwd: process.cwd() }
}
