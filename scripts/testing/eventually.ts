import { setTimeout as sleep } from 'node:timers/promises'

/** Looks that follow each other at once: most of what is waited for comes within a few turns of the event loop. */
const QUICK = 200
/** Looks in all, the later ones 5 ms or more apart: half a minute on a quiet machine. */
const MOST = 6_000

/**
 * Waits for what another socket, thread or process brings about, and resolves with the first answer that is true. It is
 * bounded by how often it has looked, not by the clock: where the machine is busy, this process gets fewer looks in a second, and
 * what it waits for gets the time that it needs.
 * @param what completes "waited in vain until …"
 */
export async function eventually<Answer>(
  look: () => Answer | Promise<Answer>,
  what: string,
): Promise<Answer> {
  for (let count = 0; count < MOST; count++) {
    const answer = await look()
    if (answer) return answer
    if (count < QUICK) await new Promise((resolve) => setImmediate(resolve))
    else await sleep(5)
  }
  throw new Error(`waited in vain until ${what}: ${MOST} looks`)
}
