import type { Dataset } from '../../src/core/types.ts'
import { collected, datasets, vendorRoot } from '../../src/transform/mapping/datasets.ts'
import { ruleFields, vendorFields } from './document-fields.ts'
import { type FieldMapping, fieldsAt, flattened, keyword } from './field-types.ts'
import { mappingOf } from './mapping-tree.ts'

const meta = { managed_by: 'xdrelay' }
/** Above the server's own `logs` (100) and above what Elastic's integration installs for the same streams (200). */
const priority = 250
/**
 * Room for what nobody knows yet: columns that Defender adds, and fields of pipelines. What is beyond stays in the
 * document and is not indexed.
 */
const mostFields = 3000

const prefix = 'xdrelay-m365_defender'
const pipeline = `${prefix}-enrich`

/** What the pipeline below adds. */
const enrichedFields = [
  ...['source', 'destination', 'client'].flatMap(side => [
    ...['city_name', 'continent_name', 'country_iso_code', 'country_name', 'location', 'region_iso_code'].map(
      name => `${side}.geo.${name}`,
    ),
    ...[`${side}.geo.region_name`, `${side}.as.number`, `${side}.as.organization.name`],
  ]),
  ...['user_agent.device.name', 'user_agent.name', 'user_agent.os', 'user_agent.version'],
]

/** Path below deploy/elasticsearch → content, of everything that is there. */
export function assets(): Map<string, object> {
  return new Map<string, object>([
    [`component-templates/${prefix}@settings`, settings()],
    [`component-templates/${prefix}@frame`, frame()],
    [`component-templates/${prefix}@ecs`, component('ECS fields that the mapping rules write.', ruleFields('event'))],
    [
      `component-templates/${prefix}@collected`,
      component('ECS fields of alerts, incidents and vulnerabilities.', collectedFields()),
    ],
    ...datasets.map((stream): [string, object] => [`component-templates/${prefix}.${stream}@vendor`, vendor(stream)]),
    [`component-templates/${prefix}@enriched`, enriched()],
    ...datasets.map((stream): [string, object] => [`index-templates/${prefix}.${stream}`, indexTemplate(stream)]),
    ...currents.map((dataset): [string, object] => [
      `index-templates/${prefix}.${dataset}_current`,
      currentTemplate(dataset),
    ]),
    [`index-templates/${prefix}.vulnerability_latest`, latestTemplate()],
    [`transforms/${prefix}.vulnerability_latest`, latestTransform()],
    [`ingest-pipelines/${pipeline}`, enrichPipeline()],
    ...security(),
  ])
}

/** Numbers and booleans as the server gives them back. */
function settings(): object {
  const index = {
    mapping: {
      // A value that is not of its field's type costs that value's place in the index, never the document.
      ignore_malformed: 'true',
      total_fields: { limit: String(mostFields), ignore_dynamic_beyond_limit: 'true' },
    },
  }
  return {
    template: { settings: { index } },
    _meta: { ...meta, description: 'Settings of the data streams that xdrelay writes.' },
  }
}

/** What every document has, and what becomes of fields that no template names. */
function frame(): object {
  const fields = new Map<string, FieldMapping>([
    // Data streams do not allow ignore_malformed here.
    ['@timestamp', { type: 'date', ignore_malformed: false }],
    ...fieldsOf(['event.ingested', 'data_stream.type', 'data_stream.namespace']),
    ...['eventhub', 'consumer_group', 'partition_id', 'offset'].map(name => [`azure.${name}`, keyword] as const),
    ...['sequence_number', 'record_index'].map(name => [`azure.${name}`, { type: 'long' }] as const),
    ['azure.enqueued_time', { type: 'date' }],
    ['xdrelay.kept', flattened],
    ...['column', 'expected', 'found'].map(name => [`xdrelay.notes.${name}`, keyword] as const),
    ['xdrelay.sanitized', { type: 'boolean' }],
  ])
  fields.set('data_stream.type', { ...fields.get('data_stream.type')!, value: 'logs' })
  const mappings = { date_detection: false, dynamic_templates: unknownFields, ...mappingOf(fields) }
  return {
    template: { mappings },
    _meta: { ...meta, description: 'Position, remarks of xdrelay, and fields that no template names.' },
  }
}

/**
 * A column that Defender adds may be a text today and an object tomorrow. A runtime field is not in the index, so no
 * document can contradict it; an object that is not enabled takes anything.
 */
const unknownFields = [
  {
    unknown_vendor_objects: {
      path_match: 'm365_defender.*',
      match_mapping_type: 'object',
      mapping: { type: 'object', enabled: false },
    },
  },
  { unknown_vendor_values: { path_match: 'm365_defender.*', match_mapping_type: '*', runtime: { type: 'keyword' } } },
  { unknown_texts: { match_mapping_type: 'string', mapping: keyword } },
]

function vendor(stream: Dataset): object {
  return component(`Columns and keys as they came: ${vendorRoot(stream)}.`, vendorFields(stream))
}

/** What describes the stream itself is the index template's to say. */
function collectedFields(): Map<string, FieldMapping> {
  const fields = collected.flatMap(dataset => [...ruleFields(dataset)])
  return new Map(fields.filter(([path]) => !path.startsWith('data_stream.')))
}

function component(description: string, fields: ReadonlyMap<string, FieldMapping>): object {
  return { template: { mappings: mappingOf(fields) }, _meta: { ...meta, description } }
}

function fieldsOf(paths: readonly string[]): Map<string, FieldMapping> {
  return new Map(
    paths.flatMap(path => {
      const fields = fieldsAt(path)
      if (fields === undefined) throw new Error(`${path} is no field of ECS`)
      return [...fields]
    }),
  )
}

function indexTemplate(stream: Dataset): object {
  const collected = stream === 'event' ? [] : [`${prefix}@collected`]
  const optional = [`${prefix}@enriched`, `logs-m365_defender.${stream}@custom`]
  const dataset = { type: 'constant_keyword', value: `m365_defender.${stream}` }
  return {
    index_patterns: [`logs-m365_defender.${stream}-*`],
    priority,
    data_stream: {},
    composed_of: [
      ...['@settings', '@frame', '@ecs'].map(part => prefix + part),
      ...collected,
      `${prefix}.${stream}@vendor`,
      ...optional,
    ],
    ignore_missing_component_templates: optional,
    template: {
      mappings: mappingOf(new Map([['data_stream.dataset', dataset]])),
      lifecycle: { enabled: true },
      data_stream_options: { failure_store: { enabled: true } },
    },
    _meta: { ...meta, description: `Data streams logs-m365_defender.${stream}-* of xdrelay.` },
  }
}

/** Datasets whose items have a current state. */
const currents: readonly Dataset[] = ['alert', 'incident']

function currentTemplate(dataset: Dataset): object {
  const optional = [`${prefix}@enriched`, `m365_defender.${dataset}_current@custom`]
  return {
    index_patterns: [`m365_defender.${dataset}_current-*`],
    priority,
    composed_of: [
      ...['@settings', '@frame', '@ecs', '@collected'].map(part => prefix + part),
      `${prefix}.${dataset}@vendor`,
      ...optional,
    ],
    ignore_missing_component_templates: optional,
    template: { mappings: mappingOf(new Map([['data_stream.dataset', keyword]])) },
    _meta: { ...meta, description: `The current state of each ${dataset}.` },
  }
}

/** Where Kibana looks for the latest state of vulnerabilities; the number is that of the form it expects. */
const latest = 'security_solution-m365_defender.vulnerability_latest'
const latestIndex = `${latest}-v3`

function latestTemplate(): object {
  // Documents of several namespaces meet here.
  const namespace: [string, FieldMapping] = ['data_stream.namespace', keyword]
  const custom = `${latest}@custom`
  return {
    index_patterns: [`${latest}-*`],
    priority,
    composed_of: [
      ...['@settings', '@frame', '@collected'].map(part => prefix + part),
      `${prefix}.vulnerability@vendor`,
      custom,
    ],
    ignore_missing_component_templates: [custom],
    template: { mappings: mappingOf(new Map([namespace, ['data_stream.dataset', keyword]])) },
    _meta: { ...meta, description: 'The latest state of each vulnerability on each machine.' },
  }
}

/** One document for each vulnerability of each software on each machine, kept as long as a snapshot or change has it. */
function latestTransform(): object {
  return {
    description: 'The latest state of each vulnerability on each machine, from snapshots and changes.',
    source: {
      index: [`logs-${vendorRoot('vulnerability')}-*`],
      query: {
        bool: {
          filter: [{ range: { '@timestamp': { gte: 'now-90d' } } }, { exists: { field: 'resource.id' } }],
          must_not: [{ exists: { field: 'error.message' } }, { terms: { _tier: ['data_cold', 'data_frozen'] } }],
        },
      },
    },
    dest: { index: latestIndex, aliases: [{ alias: latest, move_on_creation: true }] },
    latest: {
      unique_key: ['vulnerability.id', 'resource.id', 'package.name', 'package.version', 'data_stream.namespace'],
      sort: '@timestamp',
    },
    sync: { time: { field: 'event.ingested', delay: '60s' } },
    frequency: '5m',
    retention_policy: { time: { field: '@timestamp', max_age: '2160h' } },
    settings: { unattended: true },
    _meta: meta,
  }
}

function enriched(): object {
  const mappings = mappingOf(fieldsOf(enrichedFields))
  return {
    template: { settings: { index: { default_pipeline: pipeline } }, mappings },
    _meta: { ...meta, description: `Sends documents through the pipeline ${pipeline}.` },
  }
}

/** A lookup that fails leaves the document as it is. */
function enrichPipeline(): object {
  const quiet = { ignore_missing: true, ignore_failure: true }
  const sides = ['source', 'destination', 'client']
  return {
    description: 'Adds place and network of public addresses, and the parts of user agents.',
    processors: [
      ...sides.flatMap(side => [
        { geoip: { field: `${side}.ip`, target_field: `${side}.geo`, ...quiet } },
        {
          geoip: {
            field: `${side}.ip`,
            target_field: `${side}.as`,
            database_file: 'GeoLite2-ASN.mmdb',
            properties: ['asn', 'organization_name'],
            ...quiet,
          },
        },
        { rename: { field: `${side}.as.asn`, target_field: `${side}.as.number`, ...quiet } },
        { rename: { field: `${side}.as.organization_name`, target_field: `${side}.as.organization.name`, ...quiet } },
      ]),
      { user_agent: { field: 'user_agent.original', ...quiet } },
    ],
    _meta: meta,
  }
}

/** Bodies of roles and of an API key. Nothing installs them: who may do what is for the operator to say. */
function security(): [string, object][] {
  const names = datasets.map(stream => `logs-m365_defender.${stream}-*`)
  const currentNames = currents.map(dataset => `m365_defender.${dataset}_current-*`)
  const writer = {
    indices: [
      { names, privileges: ['auto_configure', 'create_doc'] },
      { names: currentNames, privileges: ['auto_configure', 'index'] },
    ],
  }
  const setup = {
    cluster: ['manage_index_templates', 'manage_ingest_pipelines', 'manage_transform'],
    indices: [
      { names: [...names, ...currentNames], privileges: ['view_index_metadata'] },
      // A transform does what the one who made it may do.
      { names: [`logs-${vendorRoot('vulnerability')}-*`], privileges: ['read', 'view_index_metadata'] },
      { names: [latest, `${latest}-*`], privileges: ['create_index', 'manage', 'index', 'delete', 'read'] },
    ],
  }
  const key = { name: 'xdrelay', role_descriptors: { xdrelay_writer: writer }, metadata: { application: 'xdrelay' } }
  return [
    ['security/role-xdrelay_writer', writer],
    ['security/role-xdrelay_setup', setup],
    ['security/api-key-xdrelay', key],
  ]
}
