import { createServer } from 'node:net'

/**
 * The ports that are given out: below those that the kernel takes by itself (from 32,768 on) for outgoing connections and for whoever
 * listens on port 0, one of whom could have it otherwise by the time it is listened on.
 */
const FIRST = 10_240
const LAST = 29_999
/** Processes that run at once have process ids that are near each other, and so begin in ranges of their own. */
const EACH = 64

let next = FIRST + ((process.pid * EACH) % (LAST - FIRST))

/** A port of 127.0.0.1 on which nobody listens, and which nobody gets by chance while the test runs. */
export async function freePort(): Promise<number> {
  for (let tries = FIRST; tries <= LAST; tries++) {
    const port = next
    next = port < LAST ? port + 1 : FIRST
    if (await isFree(port)) return port
  }
  throw new Error(`no port from ${FIRST} to ${LAST} of 127.0.0.1 is free`)
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}

/** Whether nobody listens there at this moment. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
