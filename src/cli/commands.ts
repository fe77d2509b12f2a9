import type { Command } from 'commander'

/**
 * Every command, with what the overview says of it. Its module is loaded only when the command is named: the overview
 * and a quick command need not wait for the clients of Azure and Elasticsearch.
 */
export const commands: readonly { name: string; summary: string; load: () => Promise<Command> }[] = [
  {
    name: 'run',
    summary: 'Read the configured sources and deliver to the outputs until SIGTERM',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'validate',
    summary: 'Check a configuration without connecting to anything',
    load: async () => (await import('./validate.ts')).validateCommand(),
  },
  {
    name: 'check',
    summary: 'Test the connection to every source, the checkpoint store, every output and the dead letter',
    load: async () => (await import('./check.ts')).checkCommand(),
  },
  {
    name: 'checkpoints',
    summary: 'Look at the progress kept in the checkpoint store',
    load: async () => (await import('./checkpoints.ts')).checkpointsCommand(),
  },
  {
    name: 'backfill',
    summary: 'Read alerts, incidents or changes of vulnerabilities of the past, beside the running instance, and end',
    load: async () => (await import('./backfill.ts')).backfillCommand(),
  },
  {
    name: 'demo',
    summary: 'Run the main job on embedded parts: event hub, APIs, storage and a generator of Defender records',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  {
    name: 'emulator',
    summary: "Run an event hub on this machine, or a stand-in of Microsoft's APIs, in memory, until SIGTERM",
    load: async () => (await import('./emulator.ts')).emulatorCommand(),
  },
  {
    name: 'generate',
    summary: 'Write Defender records as the Streaming API sends them, or send them to an event hub',
    load: async () => (await import('./generate.ts')).generateCommand(),
  },
  {
    name: 'map',
    summary:
      'Map Defender records to documents, offline: a message, a list of records, a record, or one of these a line',
    load: async () => (await import('./map.ts')).mapCommand(),
  },
  {
    name: 'drift',
    summary: 'Show tables, columns and types that the schemas do not know, and propose what to add',
    load: async () => (await import('./drift.ts')).driftCommand(),
  },
  {
    name: 'explain',
    summary: 'Explain a record: where each column goes, which rule sets each field, or why a field is empty',
    load: async () => (await import('./explain.ts')).explainCommand(),
  },
  {
    name: 'test',
    summary: 'Run mapping cases: records with the fields that their documents should have',
    load: async () => (await import('./test.ts')).testCommand(),
  },
  {
    name: 'setup',
    summary: 'Prepare what xdrelay delivers to',
    load: async () => (await import('./setup.ts')).setupCommand(),
  },
]
