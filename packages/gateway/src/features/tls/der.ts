/** An element of DER (X.690 8.1): what it is, where its content is, and where it ends. */
export interface Element {
  readonly tag: number
  readonly content: number
  readonly end: number
}

/** The element that begins there; undefined where none that fits in does. */
export function element(der: Buffer, at: number): Element | undefined {
  const tag = der[at]
  const first = der[at + 1]
  if (tag === undefined || first === undefined) return undefined
  const size = first < 0x80 ? 0 : first - 0x80
  const content = at + 2 + size
  if (size > 4 || content > der.length) return undefined
  const length = size === 0 ? first : der.readUIntBE(at + 2, size)
  return content + length > der.length ? undefined : { tag, content, end: content + length }
}

/** Those that stand one after the other in an element. */
export function elementsIn(der: Buffer, { content, end }: Element): Element[] {
  const found: Element[] = []
  for (let at = content; at < end; ) {
    const next = element(der, at)
    if (next === undefined) break
    found.push(next)
    at = next.end
  }
  return found
}
