import { canonicalAuthority, InvalidTarget } from '../../message/target.ts'

/**
 * The origins that credentials may be sent to, as `originKey` writes them.
 * @param scheme of the credentials, for the message
 * @throws TypeError if there are none, or one is not valid
 */
export function originSet(scheme: string, origins: readonly string[] = []): ReadonlySet<string> {
  if (origins.length === 0) {
    throw new TypeError(
      `auth: ${scheme} credentials are bound to origins, and none are known: give the client a baseUrl, or the credentials the option origins, as ['https://api.example.com']`,
    )
  }
  return new Set(origins.map(canonicalOrigin))
}

/** Scheme, host and port, and nothing else but a slash. */
const ORIGIN = /^(https?):\/\/([^/?#@\\]+)\/?$/i

function canonicalOrigin(origin: string): string {
  const [, scheme = '', host = ''] = ORIGIN.exec(origin) ?? []
  const secure = scheme.toLowerCase() === 'https'
  const authority = canonicalAuthority(host, secure ? 443 : 80)
  if (scheme === '' || authority instanceof InvalidTarget) {
    throw new TypeError(
      `auth: origins: ${JSON.stringify(origin)} is not valid; allowed: an origin, as "https://api.example.com" or "http://127.0.0.1:8080"`,
    )
  }
  return `${secure ? 'https' : 'http'}://${authority.text}`
}
