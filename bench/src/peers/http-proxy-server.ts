// A proxy with the library `http-proxy`. It routes nothing: everything goes to the one origin.
import { Agent, createServer } from 'node:http'
import { readProgramSetup } from './node-program.ts'
import httpProxy from 'http-proxy'

const { port, originPort } = readProgramSetup()

const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${originPort}`,
  agent: new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 }),
})
proxy.on('error', (_error, _request, response) => {
  if (!('writeHead' in response)) response.destroy()
  else if (response.headersSent) response.destroy()
  else response.writeHead(502).end()
})
const server = createServer((request, response) => proxy.web(request, response))
server.keepAliveTimeout = 75_000
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
