import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'node:net'
import { type Certificate, makeCertificate } from '../../packages/core/test/certificates.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

export interface PebbleOptions {
  /** Ports of the gateway, where pebble looks for answers. */
  readonly httpPort?: number
  readonly tlsPort?: number
  /** How many of 100 nonces it refuses, though they are good. Default 40. */
  readonly nonceReject?: number
  /** How many of 100 authorizations that are valid it uses again. Default 0. */
  readonly reuse?: number
  /** Keys by the ids of accounts that one must have. Default: none is needed. */
  readonly externalAccounts?: Readonly<Record<string, string>>
}

/** A real authority of this test alone, `pebble`, with the DNS server that it asks: every name is 127.0.0.1. All of it on ports of 127.0.0.1. */
export class Pebble {
  /** By which the certificate of its own listener is checked, as a file. */
  readonly ca: string
  readonly directory: string
  private readonly folder = mkdtempSync(join(tmpdir(), 'headgate-pebble-'))
  private readonly own: Certificate
  private readonly options: PebbleOptions
  private readonly ports: Readonly<Record<'acme' | 'management' | 'dns' | 'dnsManagement', number>>
  private children: ChildProcess[] = []

  private constructor(options: PebbleOptions, ports: Pebble['ports']) {
    this.options = options
    this.ports = ports
    this.own = makeCertificate({ names: ['127.0.0.1', 'localhost'] })
    this.ca = join(this.folder, 'ca.pem')
    writeFileSync(this.ca, this.own.cert)
    this.directory = `https://127.0.0.1:${ports.acme}/dir`
  }

  static async start(options: PebbleOptions = {}): Promise<Pebble> {
    const [acme, management, dns, dnsManagement] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const pebble = new Pebble(options, { acme, management, dns, dnsManagement })
    await pebble.restart()
    return pebble
  }

  /** Where records are set: `POST /set-txt`. */
  get dnsManagement(): string {
    return `http://127.0.0.1:${this.ports.dnsManagement}`
  }

  /** Starts it, with no account and no certificate. */
  async restart(): Promise<void> {
    const { acme, management, dns, dnsManagement } = this.ports
    const { httpPort = 1, tlsPort = 1, nonceReject = 40, reuse = 0, externalAccounts } = this.options
    writeFileSync(join(this.folder, 'key.pem'), this.own.key)
    const config = {
      pebble: {
        listenAddress: `127.0.0.1:${acme}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: this.ca,
        privateKey: join(this.folder, 'key.pem'),
        httpPort,
        tlsPort,
        ocspResponderURL: '',
        externalAccountBindingRequired: externalAccounts !== undefined,
        ...(externalAccounts && { externalAccountMACKeys: externalAccounts }),
      },
    }
    const file = join(this.folder, 'pebble.json')
    writeFileSync(file, JSON.stringify(config))
    const env = {
      ...process.env,
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_WFE_NONCEREJECT: String(nonceReject),
      PEBBLE_AUTHZREUSE: String(reuse),
    }
    const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '']
    const dnsArguments = ['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsManagement}`, ...off]
    this.children = [
      spawn('pebble-challtestsrv', dnsArguments, { stdio: 'ignore' }),
      spawn('pebble', ['-strict', '-config', file, '-dnsserver', `127.0.0.1:${dns}`], {
        env,
        stdio: 'ignore',
      }),
    ]
    for (const port of [acme, dnsManagement]) await eventually(() => isListening(port), 'pebble listens')
  }

  async kill(): Promise<void> {
    const { children } = this
    this.children = []
    for (const child of children) {
      if (child.exitCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
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
