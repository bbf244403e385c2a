import { reference } from '../peers/all.ts'
import { memoryPerConnection } from './figures.ts'
import { eachPeer, type Workload } from './workload.ts'

const connections = 10_000

/** Files that a process has open beside the connections. */
const otherFiles = 1000

/** Downstreams that keep their connection for later. */
export const idle: Workload = {
  name: 'idle-10k',
  title: '10,000 keep-alive connections, one request made on each, then idle',
  tls: false,
  fresh: true,
  connections,
  // Starting, settling twice, and opening the connections, in place of the measured seconds.
  extraSeconds: 3.5,
  reference: reference.name,
  figures: [memoryPerConnection],
  contenders: eachPeer(50),
  job: ({ target, window }, routes) => ({ kind: 'idle', target, window, connections, routes }),
  obstacle({ openFilesLimit }) {
    const needed = connections + otherFiles
    if (openFilesLimit >= needed) return undefined
    return `it takes ${needed} open files per process and the limit is ${openFilesLimit}: ulimit -n ${needed}`
  },
}
