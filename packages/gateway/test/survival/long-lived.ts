import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { opened } from '../http2/websocket-peers.ts'

/** How often something is sent on what lasts. Milliseconds. */
const BEAT = 20

/** What goes on for as long as the test does, and must not be touched by what happens around it. */
export interface LongLived {
  /** How much has come so far. */
  readonly count: number
  /** What went wrong; undefined as long as nothing did. */
  readonly failure: string | undefined
}

/** A service with `/work` (small answers), `/stream` (an answer without end), `/upload`, and WebSockets that send back. */
export async function startLastingOrigin(t: TestContext, answer = 'ok\n'): Promise<{ readonly url: string }> {
  const server: Server = createServer((incoming, response) => {
    if (incoming.url === '/stream') {
      let count = 0
      const timer = setInterval(() => response.write(`${count++}\n`), BEAT)
      response.on('close', () => clearInterval(timer))
    } else if (incoming.method === 'POST') {
      let bytes = 0
      incoming.on('data', (chunk: Buffer) => (bytes += chunk.length))
      incoming.on('end', () => response.end(String(bytes)))
    } else response.end(answer)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) =>
    socket.on('message', (text) => socket.send((text as Buffer).toString())),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A WebSocket that sends a number, waits until it is back, and sends the next. */
export function talkingSocket(t: TestContext, port: number): LongLived {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`)
  socket.on('open', () => socket.send('0'))
  return talk(t, socket)
}

/** The same over HTTP/2. */
export async function talkingHttp2Socket(t: TestContext, port: number): Promise<LongLived> {
  const socket = await opened(t, 'h2', port, { path: '/socket' })
  socket.send('0')
  return talk(t, socket)
}

function talk(t: TestContext, socket: WebSocket): LongLived {
  const state: { count: number; failure: string | undefined } = { count: 0, failure: undefined }
  let timer: NodeJS.Timeout | undefined
  const fail = (reason: string): void => {
    state.failure ??= reason
  }
  socket.on('message', (text) => {
    const said = (text as Buffer).toString() // as nothing else was asked for
    if (said !== String(state.count)) return fail(`${said} after ${state.count}`)
    state.count++
    timer = setTimeout(() => socket.send(String(state.count)), BEAT)
    return undefined
  })
  socket.on('error', (error) => fail(error.message))
  socket.on('close', (code) => fail(`closed with ${code}`))
  t.after(() => {
    clearTimeout(timer)
    socket.terminate()
  })
  return state
}

/** A download that never ends, number by number. */
export function endlessStream(t: TestContext, port: number): LongLived {
  const state: { count: number; failure: string | undefined } = { count: 0, failure: undefined }
  const fail = (reason: string): void => {
    state.failure ??= reason
  }
  const asked = request({ port, host: '127.0.0.1', path: '/stream', agent: false }, (response) => {
    let rest = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (Number(line) !== state.count++) fail(`${line} as number ${state.count}`)
    })
    response.on('error', (error) => fail(error.message))
    response.on('close', () => fail('it ended'))
  })
  asked.on('error', (error) => fail(error.message))
  asked.end()
  t.after(() => asked.destroy())
  return state
}

/** An upload in small pieces; `end` resolves with what the service says of it. */
export function slowUpload(t: TestContext, port: number): { sent: number; end(): Promise<string> } {
  const asked = request({ port, host: '127.0.0.1', path: '/upload', method: 'POST', agent: false })
  const answered = new Promise<string>((resolve) => {
    asked.on('error', (error) => resolve(error.message))
    asked.on('response', (response) => {
      let content = ''
      response.setEncoding('utf8').on('data', (text: string) => (content += text))
      response.on('close', () => resolve(response.statusCode === 200 ? content : String(response.statusCode)))
    })
  })
  const upload = {
    sent: 0,
    end(): Promise<string> {
      clearInterval(timer)
      asked.end()
      return answered
    },
  }
  const timer = setInterval(() => {
    upload.sent += 10
    asked.write('x'.repeat(10))
  }, BEAT)
  t.after(() => {
    clearInterval(timer)
    asked.destroy()
  })
  return upload
}
