import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { smallBody } from '../origin/documents.ts'
import { headgate, headgateCommand } from './headgate.ts'
import { nodeProgram } from './node-program.ts'
import type { Peer } from './peer.ts'

/** Programs and a route that answer by themselves, each with the small document as a value that it turns into JSON. */
export const handlerHeadgate: Peer = {
  ...headgate,
  prepare({ folder, port, adminPort }) {
    const file = join(folder, 'headgate.yaml')
    writeFileSync(
      file,
      `workers: 1
listeners: [{ address: '127.0.0.1:${port}' }]
admin: { address: '127.0.0.1:${adminPort}' }
accessLog: false
routes: [{ match: { path: /:route/small }, handle: ./order.ts }]
`,
    )
    writeFileSync(
      join(folder, 'order.ts'),
      `import { json } from 'headgate'
const order = ${smallBody}
export default (): Response => json(order)
`,
    )
    return headgateCommand(file)
  },
}

export const hono: Peer = nodeProgram('hono', 'hono', false, new URL('./hono-server.ts', import.meta.url))

export const fastify: Peer = nodeProgram(
  'fastify',
  'fastify',
  false,
  new URL('./fastify-server.ts', import.meta.url),
)
