/**
 * A version of HTTP that an endpoint may be spoken to in, by the names of ALPN (RFC 7301): `http/1.1`, `h2` where TLS negotiates it, and
 * `h2c`, HTTP/2 without TLS by prior knowledge (RFC 9113 3.3).
 */
export type HttpProtocol = 'http/1.1' | 'h2' | 'h2c'

/** What is spoken where nothing is said. */
const DEFAULT_PROTOCOLS: readonly HttpProtocol[] = ['http/1.1']

/** How the version of HTTP is found for the connections to one endpoint. */
export interface EndpointProtocols {
  /** Offered in the TLS handshake, the one that is liked best first. */
  readonly alpn: readonly string[]
  /** Whether connections without TLS begin HTTP/2 at once. */
  readonly priorKnowledge: boolean
}

/** @throws TypeError if `protocols` is empty, or holds what is none */
export function endpointProtocols(
  url: string,
  protocols: readonly HttpProtocol[] = DEFAULT_PROTOCOLS,
): EndpointProtocols {
  const unknown = protocols.find((each) => each !== 'http/1.1' && each !== 'h2' && each !== 'h2c')
  if (unknown !== undefined || protocols.length === 0)
    throw new TypeError(
      `protocols: ${unknown === undefined ? 'an empty list' : JSON.stringify(unknown)}; allowed: a list of "h2", "h2c" and "http/1.1"`,
    )
  const alpn = protocols.filter((each) => each !== 'h2c')
  return {
    alpn: alpn.length > 0 ? alpn : ['h2'],
    priorKnowledge: isH2c(url) || protocols.includes('h2c'),
  }
}

/** Whether the URL of an endpoint says that it speaks HTTP/2 without TLS. */
function isH2c(url: string): boolean {
  return /^h2c(?:\+unix)?:/i.test(url)
}
