import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import { listenOrElsewhere, type Service } from './service.ts'

/** Says what it received: the request as the gateway forwards it, server-sent events, and WebSocket messages. */
export async function startEcho(port: number): Promise<Service> {
  const server = createServer((request, response) => {
    if (request.url === '/events') sendEvents(response)
    else void echo(request, response)
  })
  const service = await listenOrElsewhere(server, port)
  // Only now: it takes the errors of its server for its own, as that the port is in use, and would end the process.
  const sockets = new WebSocketServer({ server, path: '/socket' })
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  return service
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request
  const body = await text(request)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify({ method, url, headers, body }, null, 2)}\n`)
}

/** Five of them, so that whoever looks sees them come one by one, and sees the end. */
function sendEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let count = 0
  const timer = setInterval(() => {
    count++
    response.write(`event: tick\ndata: ${count}\n\n`)
    if (count === 5) response.end()
  }, 300)
  response.on('close', () => clearInterval(timer))
}
