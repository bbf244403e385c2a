import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { AsnConvert } from '@peculiar/asn1-schema'
import { CertificationRequest } from '@peculiar/asn1-csr'
import type { Clock } from '@headgate/core'
import { makeCertificate as selfSigned } from '../../../core/test/certificates.ts'
import { makeCertificate } from '../../src/authority/x509.ts'
import { folder } from '../headgate-process.ts'

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, or a text as it is. */
  readonly body: unknown
}

const DAY = 86_400_000

/** An authority that does what it is told: it believes everything, and lies where a test has it lie. */
export class ScriptedAuthority {
  /** What is answered in place of what would be, by the path. */
  lies: Record<string, (reply: Reply) => Reply> = {}
  /** Method and path of each request. */
  readonly requests: string[] = []
  /** What was asked for, by the last order. */
  names: readonly string[] = []
  replaces: string | undefined
  /** Of its certificates. Milliseconds. */
  life = 90 * DAY
  /** When it wants its certificates to be renewed. */
  window: { readonly start: string; readonly end: string } | undefined
  readonly ca: string
  private readonly clock: Clock
  private readonly server: Server
  private readonly signer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  private request: Buffer = Buffer.alloc(0)
  private isProved = false
  private isFinal = false

  private constructor(clock: Clock) {
    const own = selfSigned({ names: ['127.0.0.1'] })
    this.clock = clock
    this.ca = join(folder(), 'ca.pem')
    writeFileSync(this.ca, own.cert)
    this.server = createServer(own, (asked, response) => {
      void this.answer(asked).then(({ status = 200, headers = {}, body }) => {
        const isText = typeof body === 'string'
        response.writeHead(status, {
          'content-type': isText ? 'application/pem-certificate-chain' : 'application/json',
          'replay-nonce': `nonce-${this.requests.length}`,
          ...headers,
        })
        response.end(isText ? body : JSON.stringify(body))
      })
    })
  }

  static async start(clock: Clock): Promise<ScriptedAuthority> {
    const authority = new ScriptedAuthority(clock)
    authority.server.listen(0, '127.0.0.1')
    await once(authority.server, 'listening')
    return authority
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  get directory(): string {
    return `${this.origin}/directory`
  }

  get orders(): number {
    return this.requests.filter((each) => each === 'POST /order').length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  /** For a key and names, in PEM. */
  sign(publicKey: KeyObject, names: readonly string[]): string {
    const now = this.clock.wallTime()
    const signer = { name: 'Scripted Authority', privateKey: this.signer }
    return makeCertificate({
      subject: names[0] ?? '',
      names,
      publicKey,
      signer,
      notBefore: now,
      notAfter: now + this.life,
    })
  }

  private async answer(asked: IncomingMessage): Promise<Reply> {
    const path = asked.url ?? ''
    this.requests.push(`${asked.method} ${path}`)
    const pieces: Buffer[] = []
    for await (const piece of asked) pieces.push(piece as Buffer)
    const text = Buffer.concat(pieces).toString()
    const payload = text === '' ? '' : (JSON.parse(text) as { payload: string }).payload
    const content =
      payload === ''
        ? {}
        : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>)
    const place = path.startsWith('/renewal/') ? '/renewal' : path
    const reply = this.honest(place, content)
    return this.lies[place]?.(reply) ?? reply
  }

  private honest(path: string, content: Readonly<Record<string, unknown>>): Reply {
    const { origin } = this
    const at = (place: string): string => `${origin}${place}`
    switch (path) {
      case '/directory':
        return {
          body: {
            newNonce: at('/nonce'),
            newAccount: at('/account'),
            newOrder: at('/order'),
            ...(this.window && { renewalInfo: at('/renewal') }),
          },
        }
      case '/nonce':
        return { body: {} }
      case '/account':
        return { status: 201, headers: { location: at('/account/1') }, body: { status: 'valid' } }
      case '/renewal':
        return { body: { suggestedWindow: this.window } }
      case '/order':
        this.names = (content['identifiers'] as { value: string }[]).map(({ value }) => value)
        this.replaces = content['replaces'] as string | undefined
        this.isProved = false
        this.isFinal = false
        return { status: 201, headers: { location: at('/order/1') }, body: this.orderBody() }
      case '/order/1':
        return { body: this.orderBody() }
      case '/authorization/1': {
        const challenges = [
          { type: 'tls-alpn-01', url: at('/challenge/1'), token: 'a-token', status: 'pending' },
        ]
        const identifier = { type: 'dns', value: this.names[0] }
        return { body: { status: this.isProved ? 'valid' : 'pending', identifier, challenges } }
      }
      case '/challenge/1':
        this.isProved = true
        return { body: { status: 'processing' } }
      case '/finalize/1':
        this.request = Buffer.from(String(content['csr']), 'base64url')
        this.isFinal = true
        return { body: this.orderBody() }
      case '/certificate/1':
        return { body: this.sign(keyOf(this.request), this.names) }
      default:
        return { status: 404, body: {} }
    }
  }

  private orderBody(): object {
    const status = this.isFinal ? 'valid' : this.isProved ? 'ready' : 'pending'
    return {
      status,
      authorizations: [`${this.origin}/authorization/1`],
      finalize: `${this.origin}/finalize/1`,
      certificate: `${this.origin}/certificate/1`,
    }
  }
}

function keyOf(request: Buffer): KeyObject {
  const { subjectPKInfo } = AsnConvert.parse(request, CertificationRequest).certificationRequestInfo
  return createPublicKey({
    key: Buffer.from(AsnConvert.serialize(subjectPKInfo)),
    format: 'der',
    type: 'spki',
  })
}
