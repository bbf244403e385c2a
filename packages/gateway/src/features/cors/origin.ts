import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

/** `*.` stands for one label or several in front of a host, as in the hosts of routes. */
const BELOW = '://*.'

/** An origin as browsers write it (RFC 6454 6.2): in lower case, without the port that its scheme has anyway. */
export const webOrigin: Kind<string> = textKind(
  'the origin of a page',
  '"*" for any; scheme, host and port as a browser sends them, such as https://shop.example; or https://*.shop.example for every name below one',
  (written) => {
    if (written === '*') return parsed(written)
    const plain = written.replace(BELOW, '://below.')
    if (plain.includes('*'))
      return refused(
        'would never match',
        '"*" stands alone, for any origin, or in front of a host: https://*.shop.example',
      )
    const url = URL.canParse(plain) ? new URL(plain) : undefined
    return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === plain
      ? parsed(written)
      : refused('is not the origin of a page')
  },
  { pattern: '^(?:\\*|https?://(?:\\*\\.)?[^/?#@*\\s]+)$' },
)

/** Tells whether an origin, as a browser sends it, is one of these. The whole of it is compared: no prefix and no suffix will do. */
export function originTest(origins: readonly string[]): (origin: string) => boolean {
  if (origins.includes('*')) return () => true
  const exact = new Set(origins.filter((each) => !each.includes(BELOW)))
  const below = origins.filter((each) => each.includes(BELOW)).map((each) => each.split(BELOW))
  return (origin) =>
    exact.has(origin) ||
    below.some(([scheme = '', parent = '']) => isBelow(origin, `${scheme}://`, `.${parent}`))
}

const LABELS = /^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/

function isBelow(origin: string, start: string, end: string): boolean {
  if (!origin.startsWith(start) || !origin.endsWith(end)) return false
  return LABELS.test(origin.slice(start.length, -end.length))
}
