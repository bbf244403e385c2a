import { hugeSize, smallBody } from '../origin/documents.ts'
import type { Figure } from '../workloads/workload.ts'
import type { Calls, Client } from './client.ts'
import { headgate, headgateH2, headgateH2c } from './headgate.ts'
import { undici, undiciH2, undiciH2c } from './undici.ts'

/** What the clients do, and what is measured of it. */
export interface ClientWorkload {
  name: string
  /** What happens, in one line. */
  title: string
  /** Calls under way at any time, and connections. */
  concurrency: number
  /** Name of the client that ratios refer to. */
  reference: string
  figures: readonly Figure[]
  /** Of the clients that are there, those that take part. */
  contenders: (clients: readonly Client[]) => readonly Client[]
  /** One call; resolves with the bytes of content that it brought. Rejects if they are not the right ones. */
  call: (calls: Calls) => Promise<number>
}

const smallDocument = JSON.parse(smallBody) as { id: number; total: string }

const json: ClientWorkload = {
  name: 'client-json',
  title: '89 bytes of JSON, parsed, 64 calls at a time on 64 connections',
  concurrency: 64,
  reference: undici.name,
  figures: [
    {
      name: 'requests per CPU-second of the client',
      better: 'more',
      of: ({ requests, proxyCpuSeconds }) => requests / proxyCpuSeconds,
    },
  ],
  contenders: (clients) => clients.filter(({ protocol = 'http' }) => protocol === 'http'),
  async call(calls) {
    const document = (await calls.json()) as typeof smallDocument
    if (document.id !== smallDocument.id || document.total !== smallDocument.total)
      throw new Error('another document')
    return smallBody.length
  },
}

/** The same calls over HTTP/2. */
function jsonOverHttp2(
  parts: Pick<ClientWorkload, 'name' | 'title' | 'reference'> & { readonly of: readonly Client[] },
): ClientWorkload {
  const { of, ...rest } = parts
  return { ...json, ...rest, contenders: (clients) => clients.filter((client) => of.includes(client)) }
}

const download: ClientWorkload = {
  name: 'client-download',
  title: '10 MiB, read as a stream chunk by chunk, 4 calls at a time on 4 connections',
  concurrency: 4,
  reference: undici.name,
  figures: [
    {
      name: 'MiB per CPU-second of the client',
      better: 'more',
      of: ({ bytes, proxyCpuSeconds }) => bytes / 2 ** 20 / proxyCpuSeconds,
    },
  ],
  contenders: (clients) => clients.filter(({ streams }) => streams),
  async call(calls) {
    const bytes = await calls.download?.()
    if (bytes !== hugeSize) throw new Error(`${bytes} bytes instead of ${hugeSize}`)
    return bytes
  },
}

/** All workloads of clients, in the order in which they run. */
export const clientWorkloads: readonly ClientWorkload[] = [
  json,
  download,
  jsonOverHttp2({
    name: 'client-h2c',
    title: 'the calls of client-json, 64 at a time on one connection of HTTP/2 without TLS, beside HTTP/1.1',
    reference: undiciH2c.name,
    of: [undici, headgate, headgateH2c, undiciH2c],
  }),
  jsonOverHttp2({
    name: 'client-h2',
    title: 'the calls of client-json, 64 at a time on one connection of HTTP/2 over TLS',
    reference: undiciH2.name,
    of: [headgateH2, undiciH2],
  }),
]
