import { type Client, bytesOf } from './client.ts'

/** undici's `fetch`, with an agent of its own. */
export const undiciFetch: Client = {
  name: 'undici-fetch',
  library: 'undici',
  streams: true,
  async open({ origin, smallPath, largePath, connections }) {
    const { Agent, fetch } = await import('undici')
    const dispatcher = new Agent({ connections })
    return {
      json: async () => (await fetch(origin + smallPath, { dispatcher })).json(),
      download: async () => bytesOf((await fetch(origin + largePath, { dispatcher })).body),
    }
  },
}
