/** Kept whole: `IPv4Dhcp` is ipv4_dhcp, not i_pv4_dhcp. */
const whole = /IPv4|IPv6|OAuth|MD5|SHA1|SHA256|AI|IDs/g

/** The name that a column without one of its own gets. */
export function snakeCase(column: string): string {
  return column
    .replace(whole, word => word[0] + word.slice(1).toLowerCase())
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}
