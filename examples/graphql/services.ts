import { createServer } from 'node:http'

/** Two services that tell their name where a GraphQL server would answer. Ports: 9061 and 9062, or those that are given. */
const ports = process.argv.length > 2 ? process.argv.slice(2) : ['9061', '9062']

for (const [index, name] of ['reads', 'writes'].entries()) {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ data: name }))
  })
  server.listen(Number(ports[index]), '127.0.0.1', () =>
    process.stdout.write(`${name} listens on 127.0.0.1:${ports[index]}\n`),
  )
  process.on('SIGINT', () => {
    server.close()
    server.closeAllConnections()
  })
}
