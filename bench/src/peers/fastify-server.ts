// A program that answers with Fastify.
import { fastify } from 'fastify'
import { smallBody } from '../origin/documents.ts'
import { readProgramSetup } from './node-program.ts'

const { port } = readProgramSetup()
const order = JSON.parse(smallBody) as Record<string, unknown>

const app = fastify({ logger: false, keepAliveTimeout: 75_000 })
app.get('/:route/small', async () => order)
await app.listen({ port, host: '127.0.0.1', backlog: 4096 })
