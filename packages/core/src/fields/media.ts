/** Whether a peer with this Accept would rather have JSON than plain text (RFC 9110 12.5.1). */
export function prefersJson(accept: string | undefined): boolean {
  return accept === undefined || /json|\*\/\*/.test(accept)
}
