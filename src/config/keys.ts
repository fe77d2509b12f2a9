/** `consumer_group` in the file is `consumerGroup` in the options. */
export function camelCase(key: string): string {
  return key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

export function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** `key` is a name, or `[2]` for an item of a list. */
export function joinPath(path: string, key: string): string {
  return path && !key.startsWith('[') ? `${path}.${key}` : path + key
}
