import { createServer } from 'node:http'

/** A service that tells its name. Port: 9011, or the one that is given. */
const [port = '9011'] = process.argv.slice(2)

const server = createServer((_, response) => response.end('one'))
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`one listens on 127.0.0.1:${port}\n`))
process.on('SIGINT', () => {
  server.close()
  server.closeAllConnections()
})
