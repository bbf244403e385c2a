import { haproxy } from '../peers/haproxy.ts'
import { headgate } from '../peers/headgate.ts'
import { nginx } from '../peers/nginx.ts'
import type { Peer } from '../peers/peer.ts'
import { outputOf } from '../processes.ts'
import { requestsPerCpuSecond } from './figures.ts'
import type { Contender, Workload } from './workload.ts'

const ROUTES = 50

/** What differs between the workloads whose clients speak HTTP/2. */
interface Http2Load {
  readonly name: string
  readonly title: string
  readonly connections: number
  readonly streams: number
  readonly paths?: number
  readonly fields?: number
  readonly tls?: boolean
}

/** nginx, which speaks HTTP/1.1 to upstreams, and those that speak either, once with each. */
function contenders(peers: readonly Peer[]): Contender[] {
  const both = [headgate, haproxy].flatMap((peer): Contender[] => [
    { name: peer.name, peer, routes: ROUTES },
    { name: `${peer.name}, h2c upstream`, peer, routes: ROUTES, upstream: 'h2c' },
  ])
  return [{ name: nginx.name, peer: nginx, routes: ROUTES }, ...both].filter(({ peer }) =>
    peers.includes(peer),
  )
}

function http2(load: Http2Load): Workload {
  const { name, title, connections, streams, paths = ROUTES, fields = 0, tls = false } = load
  return {
    name,
    title,
    tls,
    http2: true,
    fresh: false,
    connections,
    extraSeconds: 0.5,
    reference: nginx.name,
    figures: [requestsPerCpuSecond],
    contenders,
    job: ({ target, window }, routes) => ({
      kind: 'http2',
      target,
      window,
      connections,
      streams,
      routes,
      paths,
      fields,
    }),
    obstacle: withoutH2load,
  }
}

/** Why a workload of h2load cannot run, if so. */
export function withoutH2load(): string | undefined {
  if (outputOf('h2load', ['--version']) !== undefined) return undefined
  return 'it takes `h2load` to speak HTTP/2 (apt install nghttp2)'
}

/** HTTP/1.1 in front of one connection of HTTP/2 for each upstream, which takes system calls off each exchange. */
function towardsHttp2(connections: number): Workload {
  return {
    name: `h1-to-h2c-${connections}`,
    title: `89 bytes of JSON, ${connections} keep-alive connections of HTTP/1.1, HTTP/2 to the upstream; nginx with HTTP/1.1`,
    tls: false,
    fresh: false,
    connections,
    extraSeconds: 0.2,
    reference: nginx.name,
    figures: [requestsPerCpuSecond],
    contenders,
    job: ({ target, window }, routes) => ({
      kind: 'saturation',
      target,
      window,
      exchange: 'small',
      connections,
      routes,
    }),
  }
}

export const http2Workloads: readonly Workload[] = [
  http2({
    name: 'h2-shared',
    title: '89 bytes of JSON over HTTP/2, 8 connections with 32 requests each',
    connections: 8,
    streams: 32,
  }),
  http2({
    name: 'h2-paths',
    title: 'the same with 1,000 targets and 8 more header fields',
    connections: 8,
    streams: 32,
    paths: 1000,
    fields: 8,
  }),
  http2({
    name: 'h2-single',
    title: '89 bytes of JSON over HTTP/2, 64 connections with one request each',
    connections: 64,
    streams: 1,
  }),
  http2({
    name: 'h2-tls',
    title: '89 bytes of JSON over HTTP/2 and TLS 1.3, 8 connections with 32 requests each',
    connections: 8,
    streams: 32,
    tls: true,
  }),
  towardsHttp2(64),
  towardsHttp2(256),
]
