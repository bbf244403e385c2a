import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ScriptedConnection } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { type StartedGateway, startGateway } from '../survival/start-gateway.ts'
import { type RecordingOrigin, startRecordingOrigin, TAKEN } from './recording-origin.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

const VICTIM = 'GET /victim HTTP/1.1\r\nhost: a\r\n\r\n'

/**
 * A gateway with one connection at a time to an origin that misbehaves when it is asked for `/attack`, and two clients who
 * share that connection: what belongs to the exchange of one must never reach the other.
 */
export class SharedUpstream {
  readonly gateway: StartedGateway
  readonly origin: RecordingOrigin

  private constructor(gateway: StartedGateway, origin: RecordingOrigin) {
    this.gateway = gateway
    this.origin = origin
  }

  /** Runs until the test is over. */
  static async start(
    t: TestContext,
    config: Omit<GatewayConfigInput, 'routes'> = {},
    options?: Parameters<typeof startGateway>[2],
  ): Promise<SharedUpstream> {
    const origin = await startRecordingOrigin(t)
    const gateway = await startGateway(
      t,
      {
        ...config,
        upstreams: { one: { endpoints: [{ url: origin.url }], pool: { maxConnections: 1 } } },
        routes: [{ match: { path: ['/attack', '/victim'] }, upstream: 'one', retry: false }],
      },
      options,
    )
    return new SharedUpstream(gateway, origin)
  }

  /**
   * Sends `request` while the connection is free, and has it answered with `bytes` in one write, at a moment when the other
   * client waits for the connection already; `rest` follows when the attacker has received the `hello` among the bytes, and
   * `finish` closes the origin's side. The other client then gets its own answer, twice, and nothing else.
   */
  async attack(request: string, bytes: string, { finish = false, rest = '' } = {}): Promise<Attacked> {
    const { origin, gateway } = this
    origin.forget()
    const before = origin.connections.length
    const arrived = Promise.withResolvers<undefined>()
    const held = Promise.withResolvers<undefined>()
    origin.answer = async ({ target }, connection) => {
      if (target !== '/attack') return TAKEN
      arrived.resolve(undefined)
      await held.promise
      connection.send(bytes)
      if (rest !== '') {
        await attacker.receives('hello')
        connection.send(rest)
      }
      if (finish) connection.finish()
      return undefined
    }
    const [attacker, victim] = [await gateway.connect(), await gateway.connect()]
    attacker.send(request)
    await arrived.promise
    victim.send(VICTIM)
    await this.settled()
    held.resolve(undefined)
    const response = await nextResponse(victim)
    assert.deepEqual([response.status, response.content], [200, 'taken'], 'what the other client got')
    // And again, now on a connection that was free for a while.
    victim.send(VICTIM)
    assert.equal((await nextResponse(victim)).content, 'taken')
    assert.equal(victim.text, '', 'more than its own answer')
    const victims = origin.connections.filter(({ text }) => text.includes('GET /victim'))
    const [attacked] = origin.connections.filter(({ text }) => text.includes(' /attack '))
    assert.equal(victims.length, 1)
    const kept = attacked === victims[0]
    if (!kept) await attacked?.end()
    assert.ok(origin.connections.length <= before + 2)
    victim.socket.destroy()
    return { attacker, kept }
  }

  /** Whatever was sent before has been read by the gateway. */
  async settled(): Promise<void> {
    const client = await this.gateway.connect()
    client.send('GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n')
    assert.equal((await nextResponse(client)).status, 404)
    client.socket.destroy()
  }
}

export interface Attacked {
  readonly attacker: ScriptedConnection
  /** Whether the connection to the origin was used again. */
  readonly kept: boolean
}
