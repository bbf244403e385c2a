/** One end of a connection: an IP address, and a port. */
export interface SocketEnd {
  readonly address: string
  readonly port: number
}

/** What a proxy tells of the TLS that ends at it (PP2_TYPE_SSL). */
export interface ProxiedTls {
  /** As `TLSv1.3`. */
  readonly version: string | undefined
  readonly cipher: string | undefined
  /** The common name of the client's certificate. */
  readonly commonName: string | undefined
  /** Whether the client has shown a certificate that the proxy has verified. */
  readonly verified: boolean
}

/** A connection as the PROXY protocol tells of it. */
export interface ProxiedConnection {
  readonly source: SocketEnd
  readonly destination: SocketEnd
  /** Undefined where the client has come without TLS, or nothing is told of it. */
  readonly tls?: ProxiedTls | undefined
}

/** What the first bytes of a connection are. */
export type ProxyHeader =
  /** Of a header that goes on. */
  | { readonly kind: 'unfinished' }
  /** No header, or not one that is allowed. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /**
   * A header of so many bytes. Nothing is told of a connection that the proxy has opened for itself, as to check on us (LOCAL, UNKNOWN):
   * then the two ends of the socket are all there is to know.
   */
  | { readonly kind: 'header'; readonly size: number; readonly connection: ProxiedConnection | undefined }

export function malformed(reason: string): ProxyHeader {
  return { kind: 'malformed', reason }
}

export const UNFINISHED: ProxyHeader = { kind: 'unfinished' }
