import { createServer, type Server } from 'node:http'

/** Three services that tell their names, and turn sick, well or end when they are told to. Ports: 9011 and on, or those that are given. */
const [first = '9011', second = '9012', third = '9013'] = process.argv.slice(2)

const servers = [start('a', first), start('b', second), start('c', third)]
process.on('SIGINT', () => {
  for (const server of servers) end(server)
})

function start(name: string, port: string): Server {
  let well = true
  const server = createServer((request, response) => {
    switch (`${request.method} ${request.url}`) {
      case 'GET /healthz':
        return response.writeHead(well ? 200 : 503).end()
      case 'POST /sick':
        well = false
        return response.end(`${name} is sick\n`)
      case 'POST /well':
        well = true
        return response.end(`${name} is well\n`)
      case 'POST /exit':
        response.end(`${name} ends\n`, () => end(server))
        return undefined
      default:
        return response.end(name)
    }
  })
  server.listen(Number(port), '127.0.0.1', () =>
    process.stdout.write(`${name} listens on 127.0.0.1:${port}\n`),
  )
  return server
}

function end(server: Server): void {
  server.close()
  server.closeAllConnections()
}
