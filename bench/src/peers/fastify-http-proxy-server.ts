// A proxy with Fastify and its plugin. One prefix only: everything goes to the one origin.
import proxy from '@fastify/http-proxy'
import { fastify } from 'fastify'
import { readProgramSetup } from './node-program.ts'

const { port, originPort } = readProgramSetup()

const app = fastify({ logger: false, keepAliveTimeout: 75_000, bodyLimit: 16 * 1024 * 1024 })
await app.register(proxy, {
  upstream: `http://127.0.0.1:${originPort}`,
  undici: { connections: 256, pipelining: 1, keepAliveTimeout: 75_000 },
})
await app.listen({ port, host: '127.0.0.1', backlog: 4096 })
