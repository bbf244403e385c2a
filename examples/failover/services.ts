import { createServer, type Server } from 'node:http'

/** Four services that tell their names, and go and come back when they are told to. Ports: 9011 and on, or those that are given. */
const [here1 = '9011', here2 = '9012', there = '9013', far = '9014'] = process.argv.slice(2)

interface Service {
  readonly name: string
  readonly port: number
  server: Server | undefined
}

const services: Service[] = [
  { name: 'here1', port: Number(here1), server: undefined },
  { name: 'here2', port: Number(here2), server: undefined },
  { name: 'there', port: Number(there), server: undefined },
  { name: 'far', port: Number(far), server: undefined },
]

/** It also does as it is told: GET /stop/here1 ends that service, GET /start/here1 starts it anew, GET /fail/here1 has it fail. */
const failing = new Set<string>()

function start(service: Service, ready: () => void): void {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') return response.end()
    const [, what, name] = /^\/(stop|start|fail|heal)\/(\w+)$/.exec(request.url ?? '') ?? []
    const told = services.find((each) => each.name === name)
    if (what === undefined || told === undefined) {
      return response.writeHead(failing.has(service.name) ? 500 : 200).end(`${service.name}\n`)
    }
    const done = (): void => void response.end(`${what} ${told.name}\n`)
    if (what === 'fail') failing.add(told.name)
    if (what === 'heal') failing.delete(told.name)
    if (what === 'stop') stop(told)
    if (what === 'start') return start(told, done)
    return done()
  })
  service.server = server
  server.listen(service.port, '127.0.0.1', ready)
}

function stop(service: Service): void {
  service.server?.close()
  service.server?.closeAllConnections()
  service.server = undefined
}

for (const service of services)
  start(service, () => process.stdout.write(`${service.name} listens on 127.0.0.1:${service.port}\n`))
process.on('SIGINT', () => services.forEach(stop))
