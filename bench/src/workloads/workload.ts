import type { Certificate } from '../certificate.ts'
import type { Job, Measurement, Target, Window } from '../load/job.ts'
import type { Machine } from '../machine.ts'
import type { Peer } from '../peers/peer.ts'

/** One entry of a round: a proxy as it is set up for a workload. */
export interface Contender {
  name: string
  peer: Peer
  routes: number
  /** The kind of origin: HTTP/2 without TLS, but for `http`, which is HTTP/1.1. Default `http`. */
  upstream?: 'http' | 'h2c' | 'grpc' | 'echo'
  /** How many names of certificates are asked for, in turn. Default: localhost alone. */
  names?: number
}

/** A figure that is made of a measurement, one per round. */
export interface Figure {
  name: string
  better: 'more' | 'less'
  /** Throws when the measurement does not yield it. */
  of: (measurement: Measurement) => number
}

/** What a job is made for, beside its target. */
export interface JobSetting {
  target: Target
  window: Window
  /** What the proxies serve over TLS. */
  certificate: Certificate | undefined
  /** Of the contender. */
  names: number | undefined
  /** Requests per second, for a fixed rate. */
  rate: number
  /** Whether the load side has a core of its own. */
  ownCore: boolean
}

/** A kind of traffic, who takes part, and what is measured. */
export interface Workload {
  name: string
  /** What happens, in one line. */
  title: string
  tls: boolean
  /** Whether clients speak HTTP/2. Default: HTTP/1.1. */
  http2?: true
  /** Start each proxy anew in each round: for memory, which a process never gives back for sure. */
  fresh: boolean
  /** The most downstream connections that are open at a time. */
  connections: number
  /** Seconds per cell beside warm-up and measurement, for the estimate. */
  extraSeconds: number
  /** Name of the contender that ratios refer to. */
  reference: string
  figures: readonly Figure[]
  /** Of the peers that are there, those that take part. */
  contenders: (peers: readonly Peer[]) => Contender[]
  job: (setting: JobSetting, routes: number) => Job
  /** Why it cannot run on this machine, if so. */
  obstacle?: (machine: Machine) => string | undefined
}

/** Every peer once, with the same routes: what most workloads compare. Those that only cache are not among them. */
export function eachPeer(routes: number): (peers: readonly Peer[]) => Contender[] {
  return (peers) =>
    peers.filter(({ cacheOnly }) => !cacheOnly).map((peer) => ({ name: peer.name, peer, routes }))
}
