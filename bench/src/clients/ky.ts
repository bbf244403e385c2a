import type { Client } from './client.ts'

/** On Node's own `fetch`. */
export const ky: Client = {
  name: 'ky',
  library: 'ky',
  streams: false,
  async open({ origin, smallPath }) {
    const { default: client } = await import('ky')
    return { json: () => client.get(origin + smallPath).json() }
  },
}
