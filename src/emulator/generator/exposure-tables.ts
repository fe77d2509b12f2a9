import type { Columns, Scene } from './scene.ts'

/** Tables of the exposure graph: entities, and what connects them. */

interface GraphNode {
  readonly label: string
  readonly name: string
  readonly categories: readonly string[]
}

export function exposureGraphNodes(scene: Scene): Columns {
  const { label, name, categories } = scene.random.pick(nodes(scene))
  return {
    NodeId: scene.random.guid(),
    NodeLabel: label,
    NodeName: name,
    Categories: [...categories],
    NodeProperties: { rawData: { criticalityLevel: scene.random.below(4), isExposed: scene.random.chance(0.1) } },
    EntityIds: [{ type: 'EntityId', id: scene.random.guid() }],
  }
}

const relations = [
  'can authenticate as',
  'has permissions to',
  'frequently logged in by',
  'has credentials of',
] as const

export function exposureGraphEdges(scene: Scene): Columns {
  const { random } = scene
  const [source, target] = [random.pick(nodes(scene)), random.pick(nodes(scene))]
  return {
    EdgeId: random.guid(),
    EdgeLabel: random.pick(relations),
    SourceNodeId: random.guid(),
    SourceNodeName: source.name,
    SourceNodeLabel: source.label,
    SourceNodeCategories: [...source.categories],
    TargetNodeId: random.guid(),
    TargetNodeName: target.name,
    TargetNodeLabel: target.label,
    TargetNodeCategories: [...target.categories],
    EdgeProperties: { rawData: { lastSeen: scene.now } },
  }
}

function nodes({ device, account, random }: Scene): readonly GraphNode[] {
  return [
    { label: 'device', name: device.name, categories: ['compute', 'device'] },
    { label: 'user', name: account.display, categories: ['identity'] },
    { label: 'microsoft.compute/virtualmachines', name: device.host, categories: ['compute', 'virtual_machine'] },
    { label: 'microsoft.storage/storageaccounts', name: `logs${random.below(9)}`, categories: ['data', 'storage'] },
  ]
}
