import { filesHeadgate, headgate } from '../peers/headgate.ts'
import { filesNginx, nginx } from '../peers/nginx.ts'
import { saturated } from './saturated.ts'
import type { Workload } from './workload.ts'

function servers(routes: number): Workload['contenders'] {
  return (peers) =>
    [
      { name: headgate.name, of: headgate, peer: filesHeadgate, routes },
      { name: nginx.name, of: nginx, peer: filesNginx, routes },
    ].flatMap(({ of, ...contender }) => (peers.includes(of) ? [contender] : []))
}

/** What a server of files is compared by. */
export const fileWorkloads: readonly Workload[] = [
  saturated({
    name: 'file-10k',
    title: 'a file of 10 KiB, 64 keep-alive connections, 50 files',
    exchange: 'file',
    connections: 64,
    tls: false,
    contenders: servers(50),
  }),
  saturated({
    name: 'file-10m',
    title: 'a file of 10 MiB, 16 keep-alive connections, 4 files',
    exchange: 'large-file',
    connections: 16,
    tls: false,
    contenders: servers(4),
  }),
]
