/** A node of Forwarded (RFC 7239 section 6): an IPv6 address stands in brackets and quotes. */
export function serializeForwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}
