import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, RESP_TYPES } from '@redis/client'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

/** A real `redis-server` of this test alone, on a port of 127.0.0.1. Nothing of it is written to disk. */
export class RedisServer {
  readonly port: number
  private readonly options: readonly string[]
  private readonly folder = mkdtempSync(join(tmpdir(), 'headgate-redis-'))
  private child: ChildProcess | undefined

  private constructor(port: number, options: readonly string[]) {
    this.port = port
    this.options = options
  }

  /** @param options as on its command line: `--maxmemory`, `4mb`; PORT stands for its port */
  static async start(...options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options)
    await server.restart()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts it again, with nothing in it, where it has ended. */
  async restart(): Promise<void> {
    const fixed = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.folder]
    const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning', '--daemonize', 'no']
    const further = this.options.map((option) => (option === 'PORT' ? String(this.port) : option))
    this.child = spawn('redis-server', [...fixed, ...quiet, ...further], { stdio: 'ignore' })
    await eventually(() => isListening(this.port), 'redis-server listens')
  }

  /** It does nothing any more, and its connections stay. */
  freeze(): void {
    this.child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.child?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A connection to look at it, and to change what is there. */
  async connect(): Promise<RedisProbe> {
    const client = createClient({
      RESP: 2,
      socket: { host: '127.0.0.1', port: this.port, reconnectStrategy: false },
    })
    client.on('error', () => {})
    await client.connect()
    return {
      send: (args) =>
        client.sendCommand([...args], {
          typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer },
        }) as Promise<Reply>,
      [Symbol.dispose]: () => client.destroy(),
    }
  }
}

type Reply = Buffer | number | null | readonly Reply[]

export interface RedisProbe extends Disposable {
  readonly send: (args: readonly (string | Buffer)[]) => Promise<Reply>
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
