// A program that answers with Hono, on Node's own server.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { smallBody } from '../origin/documents.ts'
import { readProgramSetup } from './node-program.ts'

const { port } = readProgramSetup()
const order = JSON.parse(smallBody) as Record<string, unknown>

const app = new Hono()
app.get('/:route/small', (context) => context.json(order))
const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
Object.assign(server, { keepAliveTimeout: 75_000 })
