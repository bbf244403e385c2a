import type { Certificate } from '../certificate.ts'

/** What a cache may take, of the proxies that have one. */
export const cacheMebibytes = 512

/** What a proxy shall do in a run. */
export interface PeerSetup {
  /** An empty folder for its files. */
  folder: string
  /** Where it listens, on 127.0.0.1. */
  port: number
  /** A second port, for its administration. */
  adminPort: number
  originPort: number
  /** Whether the origin speaks HTTP/2 without TLS. */
  h2cOrigin: boolean
  /** Whether clients speak HTTP/2. */
  http2: boolean
  /** Paths /r0/… to /r(n-1)/… lead to the origin. */
  routes: number
  /** Downstream connections that it must be able to hold. */
  connections: number
  /** Serve TLS with this certificate. */
  tls?: Certificate
}

/** How to start it. */
export interface PeerCommand {
  command: string
  args: readonly string[]
  env?: Record<string, string>
}

/** Whether it is on this machine. */
export type Presence = { version: string } | { missing: string }

/** A proxy that takes part. */
export interface Peer {
  name: string
  /** Whether it takes part in workloads over TLS. */
  tls: boolean
  /** Takes part where something is cached, and nowhere else. */
  cacheOnly?: true
  find: () => Presence
  /** Writes what it needs into the folder, and says how to start it in the foreground. */
  prepare: (setup: PeerSetup) => PeerCommand
}
