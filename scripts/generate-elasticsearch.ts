import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assets } from './elasticsearch/templates.ts'

/** Path below deploy/elasticsearch → text of every file there, from the mapping rules, the schemas and ECS. */
export function generateElasticsearch(): Map<string, string> {
  return new Map([...assets()].map(([path, content]) => [`${path}.json`, `${jsonText(content)}\n`]))
}

/** JSON with one line for each object or list that holds no other. */
function jsonText(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries: [string, unknown][] = Object.entries(value)
  const isList = Array.isArray(value)
  const key = (name: string) => (isList ? '' : `${JSON.stringify(name)}: `)
  const [start, end] = isList ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) return start + end
  const flat = entries.every(([, inner]) => typeof inner !== 'object' || inner === null)
  const line = entries.map(([name, inner]) => key(name) + JSON.stringify(inner)).join(', ')
  if (flat && line.length < 110) return isList ? `[${line}]` : `{ ${line} }`
  const lines = entries.map(([name, inner]) => `${indent}  ${key(name)}${jsonText(inner, `${indent}  `)}`)
  return `${start}\n${lines.join(',\n')}\n${indent}${end}`
}

function writeAll(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  for (const [path, text] of generateElasticsearch()) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

if (import.meta.main) writeAll(fileURLToPath(new URL('../deploy/elasticsearch', import.meta.url)))
