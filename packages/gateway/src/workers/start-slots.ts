import type { GatewayConfig } from '../config/schema/schema.ts'
import type { Ports } from './protocol.ts'
import type { WorkerSlot } from './slot.ts'

/**
 * Starts the first thread of each slot, all at the same time where that can be. Rejects with the StartError of one that
 * cannot listen.
 * @param found is told the ports of the listeners before any thread is started that is to share them
 */
export async function startSlots(
  slots: readonly WorkerSlot[],
  { listeners }: GatewayConfig,
  found: (ports: Ports) => void,
): Promise<void> {
  const [first, ...others] = slots
  if (first === undefined) return
  const startOthers = (): Promise<Ports[]> => Promise.all(others.map((slot) => slot.start()))
  if (listeners.some(({ address }) => address.kind === 'tcp' && address.port === 0)) {
    // The first one alone: it finds the port that the others join it on.
    found(await first.start())
    await startOthers()
    return
  }
  const [ports] = await Promise.all([first.start(), startOthers()])
  found(ports)
}
