import { createServer, type Server } from 'node:http'

/** Two services that say who they are and where they were told that the client is; ports may be given. */
const [near = '9041', far = '9042'] = process.argv.slice(2)

const servers = [start('near', Number(near)), start('far', Number(far))]

function start(name: string, port: number): Server {
  const server = createServer((request, response) => {
    response.end(`${name} ${String(request.headers['x-country'] ?? 'untold')}\n`)
  })
  return server.listen(port, '127.0.0.1', () => console.log(`${name} listens on http://127.0.0.1:${port}`))
}

process.on('SIGINT', () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})
