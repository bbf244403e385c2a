import { type Client, bytesOf } from './client.ts'

/** The fastest of undici's own ways to ask; `body.json()` as its documentation has it. */
export const undici: Client = {
  name: 'undici',
  library: 'undici',
  streams: true,
  async open({ origin, smallPath, largePath, connections }) {
    const { Agent, request } = await import('undici')
    const dispatcher = new Agent({ connections })
    return {
      json: async () => (await request(origin + smallPath, { dispatcher })).body.json(),
      download: async () => bytesOf((await request(origin + largePath, { dispatcher })).body),
    }
  },
}

function overHttp2(name: string, protocol: 'h2' | 'h2c'): Client {
  return {
    name,
    library: 'undici',
    protocol,
    streams: false,
    async open({ origin, smallPath, ca }) {
      const { Agent, request } = await import('undici')
      // Without TLS nothing else tells it that the origin speaks HTTP/2.
      const useH2c = protocol === 'h2c'
      const dispatcher = new Agent({
        connections: 1,
        allowH2: true,
        h2Options: { useH2c },
        connect: { ca, allowH2: true },
      })
      return { json: async () => (await request(origin + smallPath, { dispatcher })).body.json() }
    },
  }
}

/** `undici` over HTTP/2, without TLS and with it: all calls share a connection, on which it allows 100 at a time. */
export const undiciH2c: Client = overHttp2('undici-h2c', 'h2c')
export const undiciH2: Client = overHttp2('undici-h2', 'h2')
