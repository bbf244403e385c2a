import type { Measurement } from '../load/job.ts'
import type { Figure } from './workload.ts'

/** Work per processor time: does not depend on how busy the proxy was, nor on the other core. */
export const requestsPerCpuSecond: Figure = {
  name: 'requests per CPU-second of the proxy',
  better: 'more',
  of: (measurement) => measurement.requests / cpuSeconds(measurement),
}

/** The same for large bodies. */
export const mebibytesPerCpuSecond: Figure = {
  name: 'MiB per CPU-second of the proxy',
  better: 'more',
  of: (measurement) => measurement.bytes / 2 ** 20 / cpuSeconds(measurement),
}

/** The same for calls of gRPC. */
export const callsPerCpuSecond: Figure = {
  ...requestsPerCpuSecond,
  name: 'calls per CPU-second of the proxy',
}

/** The same for messages that went to the service and came back. */
export const messagesPerCpuSecond: Figure = {
  ...requestsPerCpuSecond,
  name: 'messages, there and back, per CPU-second of the proxy',
}

/** The inverse, where a cost is to be told. */
export const cpuPerRequest: Figure = {
  name: 'CPU time of the proxy per request, µs',
  better: 'less',
  of: (measurement) => (cpuSeconds(measurement) / measurement.requests) * 1e6,
}

/** Where it is whether anything fails that matters. */
export const failedRequests: Figure = {
  name: 'connections that failed',
  better: 'less',
  of: ({ failures }) => Object.values(failures).reduce((sum, count) => sum + count, 0),
}

/** Half of the requests took no longer. */
export const medianLatency: Figure = {
  name: 'latency p50, ms',
  better: 'less',
  of: ({ latency }) => required(latency, 'latency').p50,
}

/** One in a hundred took longer. */
export const tailLatency: Figure = {
  name: 'latency p99, ms',
  better: 'less',
  of: ({ latency }) => required(latency, 'latency').p99,
}

/** What a connection costs that waits for its next request. */
export const memoryPerConnection: Figure = {
  name: 'resident memory per idle connection, KiB',
  better: 'less',
  of({ idle }) {
    const { bytesBefore, bytesAfter, connections } = required(idle, 'idle')
    return (bytesAfter - bytesBefore) / connections / 1024
  },
}

/** How often the service was asked for what everybody wanted at the same time. */
export const requestsForOneKey: Figure = {
  name: 'requests at the service for one cold key, most',
  better: 'less',
  of: ({ cold }) => required(cold, 'cold').most,
}

/** What a stored response takes beside its content. */
export const memoryPerStoredByte: Figure = {
  name: 'resident memory per byte of stored content',
  better: 'less',
  of({ stored }) {
    const { bytesBefore, bytesAfter, contentBytes } = required(stored, 'stored')
    return (bytesAfter - bytesBefore) / contentBytes
  },
}

function cpuSeconds({ proxyCpuSeconds, requests }: Measurement): number {
  if (requests === 0) throw new Error('no request was answered')
  if (proxyCpuSeconds === 0) throw new Error('too short: no processor time to be seen')
  return proxyCpuSeconds
}

function required<Part>(part: Part | undefined, name: string): Part {
  if (part === undefined) throw new Error(`the measurement holds no ${name}`)
  return part
}
