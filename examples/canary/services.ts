import { createServer, type Server } from 'node:http'

/** Two services that tell their names and what they were sent. Ports: 9061 and 9062, or those that are given. */
const [first = '9061', second = '9062'] = process.argv.slice(2)

const servers = [start('stable', first), start('next', second)]
process.on('SIGINT', () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

function start(name: string, port: string): Server {
  const server = createServer((request, response) => response.end(`${name}: ${request.url}\n`))
  server.listen(Number(port), '127.0.0.1', () =>
    process.stdout.write(`${name} listens on 127.0.0.1:${port}\n`),
  )
  return server
}
