import type { Client as HeadgateClient, PresetName } from '@headgate/client'
import { type Client, type Documents, octetsOf } from './client.ts'

async function clientFor({ origin, connections }: Documents, preset: PresetName): Promise<HeadgateClient> {
  const { createClient } = await import('@headgate/client')
  return createClient({ preset, baseUrl: origin, pool: { maxConnections: connections } })
}

/** As a user gets it: retries, circuit breaker, timeouts, redirects, decompression, figures. */
export const headgate: Client = {
  name: 'headgate',
  library: '@headgate/client',
  streams: false,
  async open(documents) {
    const client = await clientFor(documents, 'standard')
    return { json: () => client.get(documents.smallPath).json() }
  },
}

/** What the policies of `standard` cost is the difference between the two. */
export const headgateMinimal: Client = {
  name: 'headgate-minimal',
  library: '@headgate/client',
  streams: false,
  async open(documents) {
    const client = await clientFor(documents, 'minimal')
    return { json: () => client.get(documents.smallPath).json() }
  },
}

/** The same as `fetch`, which can stand in for the platform's. */
export const headgateFetch: Client = {
  name: 'headgate-fetch',
  library: '@headgate/client',
  streams: true,
  async open(documents) {
    const client = await clientFor(documents, 'standard')
    return {
      json: async () => (await client.fetch(documents.smallPath)).json(),
      download: async () => octetsOf((await client.fetch(documents.largePath)).body),
    }
  },
}
