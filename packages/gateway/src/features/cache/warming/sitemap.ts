/** What a sitemap holds: pages, or further sitemaps. */
export interface Sitemap {
  readonly kind: 'pages' | 'sitemaps'
  readonly urls: readonly string[]
}

/** As sitemaps.org says. */
export const MOST_LOCATIONS = 50_000
const LONGEST_URL = 2_048

/**
 * Reads a sitemap, or an index of sitemaps: nothing of it but the element `loc`. It is no reader of XML at large: what has a
 * document type, whose entities could stand for anything, is refused.
 * @returns what is wrong with it, where it is none
 */
export function readSitemap(text: string): Sitemap | string {
  const urls: string[] = []
  let kind: Sitemap['kind'] | undefined
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const passed = passedOver(text, at)
    if (typeof passed === 'string') return passed
    if (passed !== undefined) {
      at = passed
      continue
    }
    const end = text.indexOf('>', at)
    if (end < 0) return 'it ends within an element'
    const name = /^\/?[\w:.-]+/.exec(text.slice(at + 1, Math.min(end, at + 100)))?.[0] ?? ''
    at = end + 1
    kind ??= ROOTS.get(name)
    if (kind === undefined) return `it is no sitemap: it begins with <${name.slice(0, 40)}>`
    if (name !== 'loc' || text[end - 1] === '/') continue
    const closing = text.indexOf('</loc', at)
    if (closing < 0) return 'a loc does not end'
    const url = contentOf(text.slice(at, closing))
    at = closing + 1
    if (url === '' || url.length > LONGEST_URL) continue
    if (urls.length === MOST_LOCATIONS) break
    urls.push(url)
  }
  return kind === undefined ? 'it is no sitemap: it has no element' : { kind, urls }
}

const ROOTS: ReadonlyMap<string, Sitemap['kind']> = new Map([
  ['urlset', 'pages'],
  ['sitemapindex', 'sitemaps'],
])

/** Where what follows goes on behind a comment, a section of text or an instruction; undefined for an element. */
function passedOver(text: string, at: number): number | string | undefined {
  const [begin, end] = OTHERS.find(([each]) => text.startsWith(each, at)) ?? []
  if (begin === undefined || end === undefined)
    return text.startsWith('<!', at) ? 'it has a document type, which is not read' : undefined
  const closing = text.indexOf(end, at + begin.length)
  return closing < 0 ? `it ends within ${begin}` : closing + end.length
}

const OTHERS = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const

function contentOf(text: string): string {
  const raw = /^\s*<!\[CDATA\[([^]*?)\]\]>\s*$/.exec(text)?.[1]
  if (raw !== undefined) return raw.trim()
  return text
    .replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,5}));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name)] ?? whole
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    })
    .trim()
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
