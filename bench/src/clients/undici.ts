import { type Client, octetsOf } from './client.ts'

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
      download: async () => octetsOf((await request(origin + largePath, { dispatcher })).body),
    }
  },
}
