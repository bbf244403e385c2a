import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ScriptedConnection } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { type StartedGateway, startGateway } from '../survival/start-gateway.ts'
import { type RecordedField, type RecordedRequest, readRequests, valuesOf } from './recorded-request.ts'
import { type RecordingOrigin, startRecordingOrigin } from './recording-origin.ts'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'

/** What an origin must understand; what is left out is that of `GET / HTTP/1.1`, `host: a`, without a body. */
export interface Meaning {
  readonly method?: string
  readonly target?: string
  readonly host?: string
  readonly body?: string
  /** Fields that are looked at: all values of each, in order; none for one that must not be there. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  readonly trailers?: readonly RecordedField[]
}

export interface AttackOptions extends Omit<GatewayConfigInput, 'routes'> {
  /** For the routes, of which all lead to the recording origin. Default: one that takes everything. */
  readonly routes?: readonly Omit<RouteInput, 'upstream'>[]
}

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'
const PROBE = 'GET /probe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'

/**
 * A running gateway before an origin that records every byte, to be attacked with bytes of a client. After each attack
 * a plain request goes the same way: whatever else was on its way to the origin is there by then.
 */
export class AttackedGateway {
  readonly gateway: StartedGateway
  readonly origin: RecordingOrigin

  private constructor(gateway: StartedGateway, origin: RecordingOrigin) {
    this.gateway = gateway
    this.origin = origin
  }

  /** Runs until the test is over. */
  static async start(
    t: TestContext,
    { routes = [{}], ...config }: AttackOptions = {},
  ): Promise<AttackedGateway> {
    const origin = await startRecordingOrigin(t)
    const gateway = await startGateway(t, {
      ...config,
      routes: routes.map((route) => ({ ...route, upstream: origin.url })),
    })
    return new AttackedGateway(gateway, origin)
  }

  /** The attack gets this status, then the connection is closed; nothing of it, or behind it, reaches the origin. */
  async refuses(bytes: string, status = 400): Promise<void> {
    this.origin.forget()
    const client = await this.gateway.connect()
    client.send(bytes + SMUGGLED)
    await this.closesWith(client, status)
    assert.equal(this.origin.bytes, '', 'bytes of the attack reached the origin')
    await this.servesOn()
  }

  /**
   * The same for an attack in a body whose head was acceptable, and is at the origin when the rest follows: the origin is left
   * with a request that is not complete, on a connection that is closed.
   */
  async breaksOff(head: string, rest: string, status = 400): Promise<void> {
    this.origin.forget()
    const client = await this.gateway.connect()
    const begun = this.origin.next()
    client.send(head)
    const refused = client.receives('\r\n\r\n').then((text) => assert.fail(`answered too early: ${text}`))
    const connection = await Promise.race([begun, refused])
    await connection.receives('\r\n\r\n')
    client.send(rest + SMUGGLED)
    await this.closesWith(client, status)
    await connection.end()
    const { requests } = readRequests(connection.text)
    assert.deepEqual(requests, [], 'the attack was completed on its way to the origin')
    connection.forget()
    await this.servesOn()
  }

  /** The first request that the origin got of the last attack. */
  get got(): RecordedRequest {
    const [request] = this.origin.requests
    assert.ok(request !== undefined, 'no request reached the origin')
    return request
  }

  /**
   * The attack is answered, and the origin gets exactly one request with this meaning, in plain words, and then the one that
   * stood behind it on the same connection: so both ends agree where it ended.
   */
  async passesAs(bytes: string, meaning: Meaning = {}): Promise<void> {
    this.origin.forget()
    const client = await this.gateway.connect()
    client.send(bytes + PROBE)
    assert.equal((await nextResponse(client)).status, 200)
    assert.equal((await nextResponse(client)).status, 200)
    assert.equal(await client.end(), '', 'more than two answers')
    this.understood(meaning, '/probe')
  }

  /** The same for an attack after which the gateway closes the connection. */
  async passesAsLast(bytes: string, meaning: Meaning = {}): Promise<void> {
    this.origin.forget()
    const client = await this.gateway.connect()
    client.send(bytes + SMUGGLED)
    assert.equal((await nextResponse(client)).status, 200)
    assert.equal(await client.end(), '', 'more than one answer')
    this.understood(meaning)
  }

  /** The attack gets answers of these statuses, then the connection is closed; the origin is asked for these targets alone. */
  async answers(bytes: string, statuses: readonly number[], targets: readonly string[]): Promise<void> {
    this.origin.forget()
    const client = await this.gateway.connect()
    client.send(bytes)
    const answered: number[] = []
    for (const _ of statuses) answered.push((await nextResponse(client)).status)
    assert.deepEqual(answered, statuses)
    assert.equal(await client.end(), '', 'more answers')
    client.socket.destroy()
    assert.deepEqual(
      this.origin.requests.map(({ target }) => target),
      targets,
    )
    await this.servesOn(targets)
  }

  private understood(meaning: Meaning, ...behind: string[]): void {
    const request = this.got
    const [, ...others] = this.origin.requests
    assert.deepEqual(
      others.map(({ target }) => target),
      behind,
      'what else reached the origin',
    )
    const { method = 'GET', target = '/', host = 'a', body = '', fields = {}, trailers = [] } = meaning
    assert.deepEqual(
      {
        method: request.method,
        target: request.target,
        host: valuesOf(request, 'host'),
        body: request.body,
        fields: Object.fromEntries(Object.keys(fields).map((name) => [name, valuesOf(request, name)])),
        trailers: request.trailers,
      },
      { method, target, host: [host], body, fields, trailers },
    )
  }

  private async closesWith(client: ScriptedConnection, status: number): Promise<void> {
    const response = await nextResponse(client)
    assert.equal(response.status, status, response.content)
    assert.equal(response.headers['connection'], 'close')
    assert.equal(await client.end(), '', 'more than one answer')
    client.socket.destroy()
  }

  /** A plain request is answered, and the origin has got nothing but it, and what was asked for before. */
  async servesOn(before: readonly string[] = []): Promise<void> {
    const client = await this.gateway.connect()
    client.send(PROBE)
    assert.equal((await nextResponse(client)).status, 200)
    client.socket.destroy()
    assert.deepEqual(
      this.origin.requests.map(({ target }) => target),
      [...before, '/probe'],
      'what reached the origin besides the probe',
    )
  }
}
