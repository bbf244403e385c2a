import assert from 'node:assert/strict'
import type { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../src/config/parse.ts'
import { Gateway } from '../../src/gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

export interface MeteredGateway {
  readonly gateway: Gateway
  readonly url: string
  /** Its metrics, as they are counted by now. */
  readonly shown: () => string
}

/** A gateway whose parts and metrics can be looked at. */
export async function startMetered(
  t: { after: (fn: () => unknown) => void },
  config: GatewayConfigInput,
  clock?: VirtualClock,
): Promise<MeteredGateway> {
  const result = parseConfig({ listeners: [{ address: '127.0.0.1:0' }], ...config })
  assert.ok(result.ok, JSON.stringify(result))
  const gateway = new Gateway(result.config, { ...(clock && { clock }) })
  const [listener] = await gateway.listen()
  t.after(async () => {
    const closed = gateway.close(0)
    await clock?.advance(100)
    await closed
  })
  return { gateway, url: `http://127.0.0.1:${listener?.port}`, shown: () => gateway.metrics.render() }
}
