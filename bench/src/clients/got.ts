import { Agent } from 'node:http'
import type { Client } from './client.ts'

/** Without an agent, got would connect anew for each request. */
export const got: Client = {
  name: 'got',
  library: 'got',
  streams: false,
  async open({ origin, smallPath, connections }) {
    const { default: library } = await import('got')
    const client = library.extend({
      agent: { http: new Agent({ keepAlive: true, maxSockets: connections }) },
    })
    return { json: () => client.get(origin + smallPath).json() }
  },
}
