/** Whether a host, as an address writes it or without its brackets, is this machine by name or number. */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|localhost|::1|\[::1\])$/.test(host)
}
