import { mkdirSync, mkdtempSync } from 'node:fs'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from '../certificate.ts'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { type Child, hasEnded, startChild, stopChild } from '../processes.ts'
import type { Peer } from './peer.ts'

/** Longest time until a proxy answers its first request. */
const startLimit = 30_000

/** What a proxy is started for. */
export interface PeerStart {
  /** A folder under which it gets one of its own. */
  folder: string
  core: number | undefined
  originPort: number
  routes: number
  connections: number
  tls?: Certificate
}

/** A proxy that answers. */
export interface RunningPeer {
  port: number
  pid: number
  stop: () => Promise<void>
}

/** Starts a proxy and waits until its first and its last route answer. Rejects with the end of its output. */
export async function startPeer(peer: Peer, start: PeerStart): Promise<RunningPeer> {
  mkdirSync(start.folder, { recursive: true })
  const folder = mkdtempSync(join(start.folder, 'peer-'))
  const { core, ...rest } = start
  const setup = { ...rest, folder, port: await freePort(), adminPort: await freePort() }
  const child = await startChild({ ...peer.prepare(setup), core })
  try {
    await untilAnswers(child, setup.port, '/r0/small', start.tls)
    await untilAnswers(child, setup.port, `/r${start.routes - 1}/small`, start.tls)
  } catch (error) {
    await stopChild(child)
    throw error
  }
  return { port: setup.port, pid: child.pid, stop: () => stopChild(child) }
}

async function untilAnswers(child: Child, port: number, path: string, tls?: Certificate): Promise<void> {
  const limit = performance.now() + startLimit
  let last = 'nothing'
  while (performance.now() < limit) {
    if (hasEnded(child)) throw new Error(`it ended at start: ${child.output() || 'without a word'}`)
    const answer = await ask(port, path, tls)
    if (answer === 200) return
    last = String(answer)
    await sleep(50)
  }
  throw new Error(`no 200 for ${path} within ${startLimit / 1000} s (last: ${last}); ${child.output()}`)
}

function ask(port: number, path: string, tls?: Certificate): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', path, agent: false, timeout: 2000 }
    const answered = (response: IncomingMessage): void => {
      response.resume().once('close', () => resolve(response.statusCode ?? 0))
    }
    const request = tls
      ? requestTls({ ...options, ca: tls.cert, servername: 'localhost' }, answered)
      : requestPlain(options, answered)
    request.once('timeout', () => request.destroy(new Error('no answer within 2 s')))
    request.once('error', (error) => resolve(error.message))
    request.end()
  })
}
