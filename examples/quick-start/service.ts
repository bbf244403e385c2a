import type { Server } from 'node:http'

/** A demo service behind the gateway. */
export interface Service {
  readonly port: number
  close(): void
}

/** Listens on the port that the configuration names or, if somebody has it, on any other. */
export async function listenOrElsewhere(server: Server, port: number): Promise<Service> {
  await listen(server, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    return listen(server, 0)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
