import type { ClientOptions, Client as HeadgateClient, PresetName } from '@headgate/client'
import { type Client, type Documents, bytesOf } from './client.ts'

async function clientFor(
  { origin, connections, ca }: Documents,
  preset: PresetName,
  http2: ClientOptions['http2'] = false,
): Promise<HeadgateClient> {
  const { createClient } = await import('@headgate/client')
  const tls = ca === undefined ? undefined : { ca }
  return createClient({ preset, baseUrl: origin, pool: { maxConnections: connections }, http2, tls })
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
      download: async () => bytesOf((await client.fetch(documents.largePath)).body),
    }
  },
}

function overHttp2(name: string, protocol: 'h2' | 'h2c'): Client {
  return {
    name,
    library: '@headgate/client',
    protocol,
    streams: false,
    async open(documents) {
      const client = await clientFor(documents, 'standard', protocol === 'h2c' ? 'h2c' : 'alpn')
      return { json: () => client.get(documents.smallPath).json() }
    },
  }
}

/** `headgate` over HTTP/2, without TLS and with it: all calls share a connection. */
export const headgateH2c: Client = overHttp2('headgate-h2c', 'h2c')
export const headgateH2: Client = overHttp2('headgate-h2', 'h2')
