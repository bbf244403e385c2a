import type { GatewayConfig } from '../config/types/config.ts'
import type { Ports } from './protocol.ts'
import type { WorkerSlot } from './slot.ts'

/**
 * Starts the first thread of each slot, all at the same time where that can be. Rejects with the StartError of one that
 * cannot listen.
 * @returns the ports of the listeners
 */
export async function startSlots(slots: readonly WorkerSlot[], { listeners }: GatewayConfig): Promise<Ports> {
  const [first, ...others] = slots
  if (first === undefined) return []
  const startOthers = (): Promise<Ports[]> => Promise.all(others.map((slot) => slot.start()))
  if (listeners.some(({ address }) => address.kind === 'tcp' && address.port === 0)) {
    // The first one alone: it finds the port that the others join it on.
    const ports = await first.start()
    await startOthers()
    return ports
  }
  const [ports] = await Promise.all([first.start(), startOthers()])
  return ports
}
