import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from '../processes.ts'
import type { Peer, PeerSetup } from './peer.ts'

/** HAProxy with one thread. */
export const haproxy: Peer = {
  name: 'haproxy',
  tls: true,
  find() {
    const version = outputOf('haproxy', ['-v'])?.match(/version (\d\S*)/)?.[1]
    return version === undefined ? { missing: 'no `haproxy` on the path (apt install haproxy)' } : { version }
  },
  prepare(setup) {
    const file = join(setup.folder, 'haproxy.cfg')
    writeFileSync(file, configuration(setup))
    writeFileSync(join(setup.folder, 'routes.map'), routeMap(setup.routes))
    if (setup.tls !== undefined) {
      // HAProxy wants both in one file.
      const pem = readFileSync(setup.tls.certFile, 'utf8') + readFileSync(setup.tls.keyFile, 'utf8')
      writeFileSync(join(setup.folder, 'both.pem'), pem)
    }
    return { command: 'haproxy', args: ['-db', '-f', file] }
  },
}

/** One line per route; `map_beg` is its way to say many prefixes: one look-up in a tree, not one ACL each. */
function routeMap(routes: number): string {
  return Array.from({ length: routes }, (_, route) => `/r${route}/ origin\n`).join('')
}

function configuration({ folder, port, originPort, connections, tls, http2, h2cOrigin }: PeerSetup): string {
  const secure =
    tls === undefined
      ? ''
      : ` ssl crt ${folder}/both.pem ssl-min-ver TLSv1.3 alpn ${http2 ? 'h2' : 'http/1.1'}`
  // It reserves two descriptors per connection at start; where the limit is lower, it warns and goes on.
  return `global
  nbthread 1
  maxconn ${connections + 1024}
  no strict-limits
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 75s
  timeout http-keep-alive 75s
  http-reuse always
frontend all
  bind 127.0.0.1:${port} backlog 4096${secure}${http2 && tls === undefined ? ' proto h2' : ''}
  use_backend %[path,map_beg(${folder}/routes.map)]
backend origin
  server one 127.0.0.1:${originPort} pool-max-conn 256${h2cOrigin ? ' proto h2' : ''}
`
}
