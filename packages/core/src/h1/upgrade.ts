import { isToken, listMembers } from '../message/tokens.ts'

/**
 * Protocols within which HTTP goes on: a tunnel for one of them would carry requests that nothing of ours sees, and nothing
 * that a gateway enforces would hold for them (h2c smuggling). RFC 9113 3.1 has servers free to ignore "h2c"; the others are
 * those of RFC 2817 and of HTTP by its own name.
 */
const OF_HTTP: ReadonlySet<string> = new Set(['h2c', 'h2', 'h3', 'http', 'https', 'tls'])

/**
 * The protocols of an Upgrade field that are passed on (RFC 9110 7.8), as a list; undefined if none is left. Members that are
 * HTTP again are left out, and the others stay; a list with a member that is no protocol counts for nothing.
 */
export function protocolsToPass(list: string): string | undefined {
  let passed: string | undefined
  for (const protocol of listMembers(list)) {
    if (!isProtocol(protocol)) return undefined
    if (OF_HTTP.has(nameOf(protocol))) continue
    passed = passed === undefined ? protocol : `${passed}, ${protocol}`
  }
  return passed
}

/** Whether what the answer switches to, one protocol or several on top of each other, was asked for (RFC 9110 7.8). */
export function isAskedFor(answered: string | undefined, asked: string | undefined): boolean {
  if (answered === undefined || asked === undefined) return false
  const wanted = new Set(protocolsOf(asked))
  const got = protocolsOf(answered)
  return got.length > 0 && got.every((protocol) => wanted.has(protocol))
}

function protocolsOf(list: string): string[] {
  return listMembers(list.toLowerCase())
}

/** protocol = protocol-name ["/" protocol-version], both tokens. */
function isProtocol(text: string): boolean {
  const slash = text.indexOf('/')
  return slash < 0 ? isToken(text) : isToken(text.slice(0, slash)) && isToken(text.slice(slash + 1))
}

function nameOf(protocol: string): string {
  const slash = protocol.indexOf('/')
  return (slash < 0 ? protocol : protocol.slice(0, slash)).toLowerCase()
}
