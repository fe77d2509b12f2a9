#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { classify, messageOf, XdrelayError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import { commands } from './commands.ts'
import { applyProcessLimits } from './process-limits.ts'
import { cannotWrite, reportError, written } from './terminal.ts'
import { writeWhole } from './whole-writes.ts'

async function main(args: readonly string[]): Promise<number> {
  let page = ''
  try {
    const program = await buildProgram(args)
    page = helpPage(program, args)
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown) : classify(thrown)
    if (typeof error === 'number') return error
    return report(error.kind === 'usage' ? withPage(error, page) : error)
  }
}

async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('xdrelay')
    .description('Moves Microsoft Defender XDR data to where a security team works.')
    .version(version)
    // What stands behind a command's name belongs to it, also where the command above it has an option of that name.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  for (const { name, summary, load } of commands) {
    program.addCommand(inherit(args.includes(name) ? await load() : new Command(name).description(summary), program))
  }
  return program
}

/** Commands made elsewhere know nothing of the program's ways to write and to exit; nor do their own commands. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) inherit(child, command)
  return command
}

/** Commander ends its help and version pages by an error, too: those have been printed, and only their code is left. */
function usageError(error: CommanderError): XdrelayError | number {
  if (error.exitCode === 0) return 0
  const usage = new XdrelayError('usage', error.message.replace(/^error: /, ''))
  return error.code === 'commander.help' ? usage.exit : usage
}

/** How to see the page of the command that these arguments name. */
function helpPage(command: Command, [name, ...rest]: readonly string[]): string {
  const named = command.commands.find(each => each.name() === name)
  return `${command.name()} ${named ? helpPage(named, rest) : '--help'}`
}

function withPage({ message, cause, facts }: XdrelayError, page: string): XdrelayError {
  return new XdrelayError('usage', message, { cause, facts, next: `See \`${page}\`.` })
}

function crash(thrown: unknown): void {
  process.exit(report(new XdrelayError('internal', messageOf(thrown), { cause: thrown })))
}

function report(error: XdrelayError): number {
  return reportError(error, args.includes('--json'))
}

const args = process.argv.slice(2)
if (args[0] === 'run') applyProcessLimits()
process.on('unhandledRejection', crash).on('uncaughtException', crash)
// Nobody reads the log, or its disk is full: no reason to end the work that it tells about.
process.stderr.on('error', () => {})
writeWhole(process.stdout, process.stdout.fd)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // An output that is down, and its lane says so.
  if (args[0] === 'run') return
  // The reader of a pipe is gone, as after `| head`.
  if (error.code === 'EPIPE') process.exit(0)
  // Of `backfill` it is a lane, too, which waits for room.
  if (args[0] !== 'backfill') process.exit(report(cannotWrite('standard output', error)))
})
const code = await main(args)
// A reader that stands still must not keep `run` from ending; all that it delivers to standard output is out by now.
if (args[0] !== 'run') await written()
// Handles that a client left open must not keep a finished command alive.
process.exit(code)
