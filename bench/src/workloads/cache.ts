import { own, reference } from '../peers/all.ts'
import { cachedHeadgate, headgate } from '../peers/headgate.ts'
import { cachedNginx, nginx } from '../peers/nginx.ts'
import type { Peer } from '../peers/peer.ts'
import { varnish } from '../peers/varnish.ts'
import { cpuPerRequest, memoryPerStoredByte, requestsForOneKey } from './figures.ts'
import { ownAgainstOwn } from './own-against-own.ts'
import { saturated } from './saturated.ts'
import type { Contender, Workload } from './workload.ts'

const ROUTES = 50
const CLIENTS = 1000
const DOCUMENTS = 100_000
const WITHOUT = 'without a cache'

/** Of these, those that are there: by the peer that each is a form of. */
function among(all: readonly (Contender & { readonly of: Peer })[]): Workload['contenders'] {
  return (peers) => all.filter((each) => peers.includes(each.of)).map(({ of: _, ...contender }) => contender)
}

/** Each cache as its users run it. */
const caches = [
  { name: nginx.name, of: nginx, peer: cachedNginx, routes: ROUTES },
  { name: own.name, of: headgate, peer: cachedHeadgate(1), routes: ROUTES },
  { name: varnish.name, of: varnish, peer: varnish, routes: ROUTES },
]
const fourWorkers = {
  name: `${own.name}, 4 workers`,
  of: headgate,
  peer: cachedHeadgate(4),
  routes: ROUTES,
}

const hit = saturated({
  name: 'cache-hit',
  title: '1 KiB from a cache, 64 keep-alive connections, 50 routes with one document each',
  exchange: 'stored',
  connections: 64,
  tls: false,
  contenders: among(caches),
})

const largeHit = saturated({
  name: 'cache-hit-1m',
  title: '1 MiB from a cache, 16 keep-alive connections, 50 routes with one document each',
  exchange: 'mib',
  connections: 16,
  tls: false,
  contenders: among(caches),
})

/** What it costs to look, to find nothing, and to store what comes: the memory is full before long. */
const miss = ownAgainstOwn({
  name: 'cache-miss',
  title: `1 KiB that nobody asked for before, through ${own.name} with a cache and without, 50 routes`,
  reference: WITHOUT,
  figures: [cpuPerRequest],
  load: { exchange: 'stored', distinct: true },
  contenders: [
    { name: WITHOUT, peer: own, routes: ROUTES },
    { name: 'with a cache', peer: cachedHeadgate(1, 16), routes: ROUTES },
  ],
})

const cold: Workload = {
  name: 'cache-cold',
  title:
    '1,000 clients ask at once for what is not stored yet, from a service that takes half a second; five times',
  tls: false,
  fresh: false,
  connections: CLIENTS,
  extraSeconds: 3,
  reference: reference.name,
  figures: [requestsForOneKey],
  contenders: among([...caches, fourWorkers]),
  job: ({ target, window }, routes) => ({
    kind: 'cold',
    target,
    window,
    clients: CLIENTS,
    documents: 5,
    routes,
  }),
}

/** Of nginx, whose cache is in files, no memory of its own would tell. */
const memory: Workload = {
  name: 'cache-memory',
  title: '100,000 different documents of 1 KiB, stored',
  tls: false,
  fresh: true,
  connections: 64,
  extraSeconds: 20,
  reference: varnish.name,
  figures: [memoryPerStoredByte],
  contenders: among([...caches.filter(({ of }) => of === varnish), fourWorkers]),
  job: ({ target, window }, routes) => ({
    kind: 'fill',
    target,
    window,
    connections: 64,
    documents: DOCUMENTS,
    routes,
  }),
}

/** What a cache saves, and what it costs. */
export const cacheWorkloads: readonly Workload[] = [hit, largeHit, miss, cold, memory]
