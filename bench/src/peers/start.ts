import { mkdirSync, mkdtempSync } from 'node:fs'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { connect } from 'node:http2'
import { request as requestTls } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from '../certificate.ts'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { type Child, hasEnded, startChild, stopChild } from '../processes.ts'
import type { Peer, PeerSetup } from './peer.ts'

/** Longest time until a proxy answers its first request. */
const startLimit = 60_000

/** What a proxy is started for. */
export interface PeerStart {
  /** A folder under which it gets one of its own. */
  folder: string
  core: number | undefined
  originPort: number
  h2cOrigin: boolean
  http2: boolean
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
    await untilAnswers(child, setup, '/r0/small')
    await untilAnswers(child, setup, `/r${start.routes - 1}/small`)
  } catch (error) {
    await stopChild(child)
    throw error
  }
  return { port: setup.port, pid: child.pid, stop: () => stopChild(child) }
}

async function untilAnswers(child: Child, { port, http2, tls }: PeerSetup, path: string): Promise<void> {
  const limit = performance.now() + startLimit
  let last = 'nothing'
  while (performance.now() < limit) {
    if (hasEnded(child)) throw new Error(`it ended at start: ${child.output() || 'without a word'}`)
    const answer = await (http2 ? askHttp2(port, path, tls) : ask(port, path, tls))
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

function askHttp2(port: number, path: string, tls?: Certificate): Promise<number | string> {
  return new Promise((resolve) => {
    const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
    const session = connect(origin, tls && { ca: tls.cert, servername: 'localhost' })
    const end = (answer: number | string): void => {
      session.destroy()
      resolve(answer)
    }
    session.once('error', (error) => end(error.message))
    session.setTimeout(2000, () => end('no answer within 2 s'))
    const stream = session.request({ ':path': path })
    stream.once('error', (error) => end(error.message))
    stream.once('response', (headers) => end(headers[':status'] ?? 0))
    stream.end()
  })
}
