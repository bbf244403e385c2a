// The least that proxies correctly: a `node:http` server, and undici's `Pool.dispatch` for the way on. No routes,
// no policies, no ids, no metrics: what a team would write first, and what the engine has to beat.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type Dispatcher, Pool } from 'undici'
import { readProgramSetup } from './node-program.ts'

const { port, originPort, tls } = readProgramSetup()

const pool = new Pool(`http://127.0.0.1:${originPort}`, {
  connections: 256,
  pipelining: 1,
  keepAliveTimeout: 75_000,
})

/** Fields that belong to one connection and are not passed on (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const serve: RequestListener = (request, response) => {
  pool.dispatch(
    {
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: endToEnd(request.rawHeaders),
      body: hasBody(request) ? request : null,
    },
    forwardTo(response),
  )
}

/** Passes the origin's response on as it comes, no faster than the downstream takes it. */
function forwardTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('drain', () => controller.resume())
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the downstream has left'))
      })
    },
    onResponseStart(controller, status) {
      if (status >= 200) response.writeHead(status, endToEnd(rawFields(controller)))
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause()
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    },
  }
}

function rawFields(controller: Dispatcher.DispatchController): string[] {
  const { rawHeaders } = controller
  return Array.isArray(rawHeaders) ? rawHeaders.map((part: Buffer | string) => part.toString('latin1')) : []
}

/** The fields, as name and value in turn, that are meant for the other end. */
function endToEnd(fields: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] ?? ''
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, fields[index + 1] ?? '')
  }
  return kept
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

const server =
  tls === undefined
    ? createServer(serve)
    : createTlsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, serve)
server.keepAliveTimeout = 75_000
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
