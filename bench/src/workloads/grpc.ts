import { haproxy } from '../peers/haproxy.ts'
import { headgate } from '../peers/headgate.ts'
import type { Peer } from '../peers/peer.ts'
import { callsPerCpuSecond, messagesPerCpuSecond } from './figures.ts'
import { withoutH2load } from './http2.ts'
import type { Contender, Workload } from './workload.ts'

const ROUTES = 50

/** gRPC takes HTTP/2 and trailers on both sides, which leaves two. */
function contenders(upstream: 'grpc' | 'echo') {
  return (peers: readonly Peer[]): Contender[] =>
    [haproxy, headgate]
      .filter((peer) => peers.includes(peer))
      .map((peer) => ({ name: peer.name, peer, routes: ROUTES, upstream }))
}

const unary: Workload = {
  name: 'grpc-unary',
  title: 'calls of gRPC with a message of 94 bytes each way, 8 connections with 32 calls each',
  tls: false,
  http2: true,
  fresh: false,
  connections: 8,
  extraSeconds: 0.5,
  reference: haproxy.name,
  figures: [callsPerCpuSecond],
  contenders: contenders('grpc'),
  job: ({ target, window }, routes) => ({
    kind: 'http2',
    target,
    window,
    connections: 8,
    streams: 32,
    routes,
    paths: ROUTES,
    fields: 0,
    grpc: true,
  }),
  obstacle: withoutH2load,
}

const messages: Workload = {
  name: 'grpc-messages',
  title: 'messages of 64 bytes on 50 streams of one connection, each sent when the one before is back',
  tls: false,
  http2: true,
  fresh: false,
  connections: 1,
  extraSeconds: 0.2,
  reference: haproxy.name,
  figures: [messagesPerCpuSecond],
  contenders: contenders('echo'),
  job: ({ target, window }, routes) => ({
    kind: 'messages',
    target,
    window,
    connections: 1,
    streams: 50,
    routes,
  }),
}

export const grpcWorkloads: readonly Workload[] = [unary, messages]
