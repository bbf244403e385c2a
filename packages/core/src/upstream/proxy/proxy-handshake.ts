/** What a proxy's answer asks for. */
export type HandshakeStep =
  /** The answer is not complete. */
  | { readonly kind: 'more' }
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** The tunnel stands; `rest` came through it already. */
  | { readonly kind: 'done'; readonly rest: Buffer }
  | { readonly kind: 'failed'; readonly reason: string }

export const MORE: HandshakeStep = { kind: 'more' }

/** What is said between us and a proxy until a tunnel stands: bytes in, bytes out, no sockets. */
export interface ProxyHandshake {
  /** What we say first. */
  begin(): Buffer
  /** What the proxy said; the bytes are not kept by the caller. */
  take(bytes: Buffer): HandshakeStep
}

/** Where the tunnel shall lead. */
export interface TunnelTarget {
  /** A host name or an IP address, without brackets. */
  readonly host: string
  readonly port: number
}

export function failed(reason: string): HandshakeStep {
  return { kind: 'failed', reason }
}
