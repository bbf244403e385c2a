import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Address } from '../settings/values/address.ts'

/**
 * Makes sure that nobody else serves an address, before several workers bind it together. Sharing a port
 * (SO_REUSEPORT) is open to every process of the same user: a second gateway started by mistake would not be
 * refused, but silently take half of the connections. A bind that does not share finds out. Rejects with the
 * error of that bind.
 */
export async function claim(address: Address): Promise<void> {
  if (address.kind === 'unix') await removeStaleSocket(address.path)
  else if (address.port !== 0) await bindOnce(address.host, address.port)
}

function bindOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port }, () => server.close(() => resolve()))
  })
}

/** A killed process leaves the file of its socket behind, on which nobody can bind: it goes, if nobody answers. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return
  if (!(await answers(path))) unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}
