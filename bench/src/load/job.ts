import type { HandshakeKind } from './handshakes.ts'

/** Where the load goes: the proxy, or the origin itself. Always 127.0.0.1. */
export interface Target {
  port: number
  /** The proxy's certificate (PEM), for TLS 1.3. */
  ca?: string
}

/** When it is measured, and whose processor time is counted. */
export interface Window {
  warmupSeconds: number
  seconds: number
  /** The root of the proxy's process tree; none when the origin is asked directly. */
  proxyPid?: number
}

/** What is asked: a small document, a large one, or a large upload; an order of 2 KiB of JSON that is sent; what caches keep, of 1 KiB, the same from a slow service, or of 1 MiB; a file of 10 KiB, or of 10 MiB. */
export type Exchange =
  | 'small'
  | 'large'
  | 'upload'
  | 'order'
  | 'stored'
  | 'slow'
  | 'mib'
  | 'file'
  | 'large-file'

/** Every connection has one request in flight at all times. */
export interface SaturationJob {
  kind: 'saturation'
  target: Target
  window: Window
  exchange: Exchange
  connections: number
  /** Requests go to /r0/… to /r(n-1)/…, in turn. */
  routes: number
  /** Whether each is for a document that nobody has asked for before. */
  distinct?: boolean
  /** Further lines of each request's head, as credentials. */
  fields?: readonly string[]
}

/** Many clients ask at once for what no cache has yet, one document after the other. */
export interface ColdJob {
  kind: 'cold'
  target: Target
  window: Window
  clients: number
  documents: number
  routes: number
}

/** Asks for so many different documents of 1 KiB, which are kept. */
export interface FillJob {
  kind: 'fill'
  target: Target
  window: Window
  connections: number
  documents: number
  routes: number
}

/** As saturation with small documents, but each request on a connection of its own. */
export interface ConnectionPerRequestJob {
  kind: 'connection-per-request'
  target: Target
  window: Window
  /** Connections at any one time. */
  connections: number
  routes: number
  /** Over TLS: how the handshakes are made. */
  handshakes?: HandshakeKind
  /** The files of a certificate that is swapped for another one, and back, all the time. */
  swapped?: { certFile: string; keyFile: string }
}

/** Small documents at a fixed rate, whatever the answers do. */
export interface FixedRateJob {
  kind: 'fixed-rate'
  target: Target
  window: Window
  connections: number
  routes: number
  /** Requests per second. */
  rate: number
  /** Whether the load side has a core of its own, and may watch the clock instead of setting timers. */
  ownCore: boolean
}

/** Opens connections, makes one request on each, and keeps them. */
export interface IdleJob {
  kind: 'idle'
  target: Target
  window: Window
  connections: number
  routes: number
  /** Default: HTTP/1.1. */
  http2?: true
}

/** Sends nothing: tells what the origin used while others asked it. */
export interface WatchJob {
  kind: 'watch'
  target: Target
  window: Window
}

/** Requests of HTTP/2 by h2load: every connection has `streams` of them in flight at all times. */
export interface Http2Job {
  kind: 'http2'
  target: Target
  window: Window
  connections: number
  streams: number
  routes: number
  /** Different targets, in turn. */
  paths: number
  /** Header fields beside those that every request has. */
  fields: number
  /** Whether they are unary calls of gRPC, a small message both ways. Default: GET of the small document. */
  grpc?: true
}

/** Streams of HTTP/2 in both directions: on each, a message is sent whenever the one before has come back. */
export interface MessagesJob {
  kind: 'messages'
  target: Target
  window: Window
  connections: number
  /** Of each connection. */
  streams: number
  routes: number
}

export type Job =
  | SaturationJob
  | ConnectionPerRequestJob
  | FixedRateJob
  | IdleJob
  | WatchJob
  | ColdJob
  | FillJob
  | Http2Job
  | MessagesJob

/** What one job measured. */
export interface Measurement {
  seconds: number
  requests: number
  /** Bytes of bodies that were transferred, in completed exchanges. */
  bytes: number
  /** Failures by what happened, in the whole job, warm-up included. */
  failures: Record<string, number>
  /** Processor time of the proxy's process tree. */
  proxyCpuSeconds: number
  /** Processor time of load generator and origin. */
  loadCpuSeconds: number
  /** Connections that the origin accepted in the whole job. */
  upstreamConnections: number
  /** Latency in milliseconds from the moment each request was due. */
  latency?: { p50: number; p99: number; max: number }
  /** Resident memory of the proxy before and with the idle connections. */
  idle?: { connections: number; bytesBefore: number; bytesAfter: number }
  /** The most requests that the origin got for one document that all asked for at once. */
  cold?: { most: number }
  /** Resident memory of the proxy before and with so many bytes of content stored. */
  stored?: { contentBytes: number; bytesBefore: number; bytesAfter: number }
}

/** Where each kind of origin listens; undefined where there is no server for it. */
export interface OriginPorts {
  http: number
  h2c: number | undefined
  /** HTTP/2 over TLS. */
  h2: number | undefined
  /** h2c that answers unary calls of gRPC. */
  grpc: number | undefined
  /** h2c that sends back what it gets. */
  echo: number | undefined
}

/** Messages to the load process and back. */
export type LoadReply =
  | { kind: 'ready'; ports: OriginPorts }
  | { kind: 'done'; measurement: Measurement }
  | { kind: 'failed'; message: string }
