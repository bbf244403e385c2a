import { own } from '../peers/all.ts'
import { fastify, handlerHeadgate, hono } from '../peers/handlers.ts'
import { saturated } from './saturated.ts'
import type { Workload } from './workload.ts'

/** What programs of one's own are compared by: nothing stands behind them. */
export const handlers: Workload = {
  ...saturated({
    name: 'handle',
    title:
      'the small document of a function, 64 keep-alive connections: a route with handle, beside Hono and Fastify',
    exchange: 'small',
    connections: 64,
    tls: false,
    contenders: (peers) =>
      peers.includes(own)
        ? [
            { name: own.name, peer: handlerHeadgate, routes: 10 },
            { name: hono.name, peer: hono, routes: 10 },
            { name: fastify.name, peer: fastify, routes: 10 },
          ].filter(({ peer }) => 'version' in peer.find())
        : [],
  }),
  reference: hono.name,
}
