import { Agent } from 'node:http'
import type { Client } from './client.ts'

/** With an agent that keeps connections: by default each request would have one of its own. */
export const axios: Client = {
  name: 'axios',
  library: 'axios',
  streams: false,
  async open({ origin, smallPath, connections }) {
    const { default: library } = await import('axios')
    const client = library.create({ httpAgent: new Agent({ keepAlive: true, maxSockets: connections }) })
    return { json: async () => (await client.get<unknown>(origin + smallPath)).data }
  },
}
