/** Where the events of the hub go in Elasticsearch. */
export function eventStream(namespace: string): string {
  return `logs-m365_defender.event-${namespace}`
}
