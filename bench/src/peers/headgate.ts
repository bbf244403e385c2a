import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer, PeerSetup } from './peer.ts'

const gateway = fileURLToPath(new URL('../../../packages/gateway/', import.meta.url))
const program = join(gateway, 'bin/headgate.js')

/** The gateway of this repository, as built, run as a user runs it. */
export const headgate: Peer = {
  name: 'headgate',
  tls: true,
  find() {
    for (const file of [program, join(gateway, 'dist/cli/main.js')]) {
      if (!existsSync(file)) return { missing: `${file} is not there (npm run build)` }
    }
    const { version } = JSON.parse(readFileSync(join(gateway, 'package.json'), 'utf8')) as { version: string }
    return { version }
  },
  prepare(setup) {
    const file = join(setup.folder, 'headgate.yaml')
    writeFileSync(file, configuration(setup))
    return { command: process.execPath, args: [program, 'run', '-c', file] }
  },
}

function configuration({ port, adminPort, originPort, routes, tls }: PeerSetup): string {
  const secure = tls === undefined ? '' : `, tls: { cert: ${tls.certFile}, key: ${tls.keyFile} }`
  const lines = Array.from(
    { length: routes },
    (_, route) =>
      `  - { name: r${route}, match: { path: /r${route}/** }, upstream: 'http://127.0.0.1:${originPort}' }`,
  )
  return `workers: 1
listeners:
  - { address: '127.0.0.1:${port}'${secure} }
admin: { address: '127.0.0.1:${adminPort}' }
accessLog: false
routes:
${lines.join('\n')}
`
}
