/** The value of a header field in a head that ends with an empty line, by its lower-case name. */
export function headValue(head: string, name: string): string | undefined {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`)
  if (at < 0) return undefined
  const start = at + 2 + name.length + 1
  return head.slice(start, head.indexOf('\r\n', start)).trim()
}
