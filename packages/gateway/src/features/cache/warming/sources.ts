import { gunzip } from 'node:zlib'
import { promisify } from 'node:util'
import { readPlainFile } from '../../../plain-file.ts'
import { readSitemap } from './sitemap.ts'
import { type WarmListConfig, warmedUrl } from './setting.ts'

/** Of one list, and how many sitemaps an index may lead to, how deep. */
const MOST_URLS = 100_000
const MOST_SITEMAPS = 100
const DEEPEST = 3
/** Bytes of a sitemap, and of a file of URLs. */
export const LARGEST_SITEMAP = 10 * 1024 * 1024
const LARGEST_FILE = 16 * 1024 * 1024
/** Characters of a line that is no URL. */
const MOST_SHOWN = 100

/** Asks for a sitemap. Rejects with an Error where it is not to be had. */
export type GetSitemap = (url: string) => Promise<Uint8Array>

/** What there is to be warmed. */
export interface Sources {
  readonly urls: readonly string[]
  /** What could not be read, each with its place. */
  readonly problems: readonly string[]
}

/** All URLs of a list, each once. */
export async function urlsOf(
  list: Pick<WarmListConfig, 'urls' | 'file' | 'sitemap'>,
  get: GetSitemap,
): Promise<Sources> {
  const urls = new Set<string>(list.urls)
  const problems: string[] = []
  if (list.file !== undefined) {
    try {
      const lines = readPlainFile(list.file, LARGEST_FILE).toString('utf8').split('\n')
      for (const [index, line] of lines.entries()) {
        const url = line.trim()
        if (url === '' || url.startsWith('#')) continue
        const read = warmedUrl.parse(url)
        if (read.ok && urls.size < MOST_URLS) urls.add(url)
        else if (!read.ok)
          problems.push(
            `${list.file}:${index + 1}: ${JSON.stringify(url.slice(0, MOST_SHOWN))} ${read.problem}`,
          )
      }
    } catch (error) {
      problems.push(`${list.file}: ${reasonOf(error)}`)
    }
  }
  if (list.sitemap !== undefined) await followSitemaps(list.sitemap, get, urls, problems)
  return { urls: [...urls], problems }
}

async function followSitemaps(
  first: string,
  get: GetSitemap,
  urls: Set<string>,
  problems: string[],
): Promise<void> {
  const seen = new Set([first])
  let level = [first]
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const next: string[] = []
    for (const url of level) {
      try {
        // One after the other: they are large, and nobody waits.
        // oxlint-disable-next-line no-await-in-loop
        const found = readSitemap(await textOf(await get(url)))
        if (typeof found === 'string') throw new Error(found)
        for (const each of found.urls) {
          if (found.kind === 'pages') {
            if (urls.size < MOST_URLS) urls.add(each)
          } else if (!seen.has(each) && seen.size < MOST_SITEMAPS) {
            seen.add(each)
            next.push(each)
          }
        }
      } catch (error) {
        problems.push(`sitemap ${url}: ${reasonOf(error)}`)
      }
    }
    level = next
  }
  if (level.length > 0) problems.push(`sitemap ${first}: indexes in indexes, deeper than ${DEEPEST}`)
}

/** Sitemaps are often stored compressed, whatever their fields say. */
async function textOf(bytes: Uint8Array): Promise<string> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const plain = isGzip ? await promisify(gunzip)(bytes, { maxOutputLength: LARGEST_SITEMAP }) : bytes
  return new TextDecoder().decode(plain)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
