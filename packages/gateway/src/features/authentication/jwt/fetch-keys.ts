import type { FetchedDocument } from '../remote-document.ts'

/** Key sets are short; what is longer is something else. Bytes. */
const LARGEST = 256 * 1024

/** Fetches a key set with the project's own client, which is loaded when the first one is fetched. */
export async function fetchKeys(url: string): Promise<FetchedDocument> {
  const { createClient } = await import('@headgate/client')
  const client = createClient({ timeout: 5_000, maxBody: LARGEST, redirect: false })
  try {
    const response = await client.get(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
    })
    return { text: await response.text(), freshFor: freshFor(response.headers.get('cache-control')) }
  } finally {
    await client.close({ grace: 0 })
  }
}

function freshFor(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1_000
}
