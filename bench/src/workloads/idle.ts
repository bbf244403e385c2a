import { haproxy } from '../peers/haproxy.ts'
import { headgate } from '../peers/headgate.ts'
import { nginx } from '../peers/nginx.ts'
import { reference } from '../peers/all.ts'
import { memoryPerConnection } from './figures.ts'
import { eachPeer, type Workload } from './workload.ts'

/** Files that a process has open beside the connections. */
const otherFiles = 1000

/** Downstreams that keep their connection for later. */
function idleWorkload(
  name: string,
  connections: number,
  rest: Pick<Workload, 'title' | 'contenders' | 'http2'>,
): Workload {
  const { http2 } = rest
  return {
    ...rest,
    name,
    tls: false,
    fresh: true,
    connections,
    // Starting, settling twice, and opening the connections, in place of the measured seconds.
    extraSeconds: 3.5,
    reference: reference.name,
    figures: [memoryPerConnection],
    job: ({ target, window }, routes) => ({
      kind: 'idle',
      target,
      window,
      connections,
      routes,
      ...(http2 && { http2 }),
    }),
    obstacle({ openFilesLimit }) {
      const needed = connections + otherFiles
      if (openFilesLimit >= needed) return undefined
      return `it takes ${needed} open files per process and the limit is ${openFilesLimit}: ulimit -n ${needed}`
    },
  }
}

export const idle: Workload = idleWorkload('idle-10k', 10_000, {
  title: '10,000 keep-alive connections, one request made on each, then idle',
  contenders: eachPeer(50),
})

export const idleHttp2: Workload = idleWorkload('h2-idle', 5000, {
  title: '5,000 connections of HTTP/2, one request made on each, then idle',
  http2: true,
  contenders: (peers) => eachPeer(50)(peers.filter((peer) => [nginx, headgate, haproxy].includes(peer))),
})
