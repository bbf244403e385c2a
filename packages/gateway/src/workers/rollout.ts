import type { ListenerConfig } from '../config/schema/gateway-sections.ts'
import { formatAddress } from '../settings/values/address.ts'
import { claim } from './claim.ts'
import type { UpstreamStates } from '../upstreams/upstreams.ts'
import type { Ports, Prepare, WorkerQuestion } from './protocol.ts'
import { WorkerGone } from './questions.ts'
import type { WorkerSlot } from './slot.ts'

/** What a rollout asks of the supervisor. */
export interface RolloutOwner {
  /** What a worker is to prepare, with the ports that are known, and which of all listeners it has. */
  prepare(
    slot: WorkerSlot,
    ports: Ports,
  ): { readonly prepare: Prepare; readonly positions: readonly number[] }
  /** Everybody is ready: from now on, workers are born with the new configuration. Answers what changes in upstreams that stay. */
  committed(ports: Ports): UpstreamStates
  /** A worker could not put in force what it had prepared: nobody knows what it has by now. */
  uncommitted(slot: WorkerSlot, reason: unknown): void
}

/**
 * Gives all workers a further configuration, or none: each gets ready while it serves the one before, and only when all of
 * them are is it put in force. Rejects with a StartError, with nothing changed, if one of them cannot.
 */
export async function rollOut(
  slots: readonly WorkerSlot[],
  ports: Ports,
  owner: RolloutOwner,
): Promise<void> {
  const [first, ...others] = slots
  let known = ports
  let upstreamStates: UpstreamStates
  const births = slots.map((slot) => slot.births)
  try {
    if (first !== undefined) {
      // The first one alone: where port 0 is asked for, it finds the port that the others join it on.
      const { prepare, positions } = owner.prepare(first, known)
      const bound = (await unlessGone(first.ask(prepare))) as Ports | undefined
      known = known.map((port, index) => port ?? bound?.[positions.indexOf(index)])
    }
    // All of them, even where one refuses: what is prepared must be taken back.
    const answers = await Promise.allSettled(
      others.map((slot) => unlessGone(slot.ask(owner.prepare(slot, known).prepare))),
    )
    const refused = answers.find((each) => each.status === 'rejected')
    if (refused !== undefined) throw refused.reason
    upstreamStates = owner.committed(known)
  } catch (error) {
    await Promise.allSettled(slots.map((slot) => slot.ask({ type: 'abort' })))
    throw error
  }
  const commit: WorkerQuestion = { type: 'commit', upstreamStates }
  // The successor of a thread that crashed meanwhile has prepared nothing: it gets what is in force when it listens.
  const prepared = slots.filter((slot, index) => slot.births === births[index])
  const committed = await Promise.allSettled(prepared.map((slot) => unlessGone(slot.ask(commit))))
  for (const [index, slot] of prepared.entries()) {
    const outcome = committed[index]
    if (outcome?.status === 'rejected') owner.uncommitted(slot, outcome.reason)
  }
}

/** One that crashes meanwhile does not hold up the others: its successor gets what is in force then. */
async function unlessGone(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof WorkerGone) return undefined
    throw error
  }
}

/** The ports of listeners that were there before under the same address; the others are claimed, if they must be. */
export async function carriedPorts(
  listeners: readonly ListenerConfig[],
  before: readonly { readonly config: ListenerConfig; readonly port: number | undefined }[],
  shared: boolean,
): Promise<Ports> {
  const free = [...before]
  const ports: (number | undefined)[] = []
  for (const { address } of listeners) {
    const place = formatAddress(address)
    const at = free.findIndex(({ config }) => formatAddress(config.address) === place)
    const [kept] = at < 0 ? [] : free.splice(at, 1)
    if (kept === undefined && (shared || address.kind === 'unix')) await claim(address)
    ports.push(kept?.port)
  }
  return ports
}
