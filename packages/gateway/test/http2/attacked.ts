import type { TestContext } from 'node:test'
import { RawClient } from '../../../core/test/h2/raw-client.ts'
import { AttackedGateway, type AttackOptions } from '../attack/attacked-gateway.ts'

/** A gateway before an origin that records every byte, and a client of HTTP/2 that sends it whatever bytes it likes. */
export async function attacked(
  t: TestContext,
  options?: AttackOptions,
): Promise<{ site: AttackedGateway; client: RawClient }> {
  const site = await AttackedGateway.start(t, options)
  const client = new RawClient(await site.gateway.connect())
  client.begin()
  return { site, client }
}
