import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks until the answer is the expected one, for at most 5 s, and answers what was answered last. For what another
 * thread does in its own time: an exchange is counted after its response has been written, which the client may have
 * read by then.
 */
export async function becomes<Value>(ask: () => Value | Promise<Value>, expected: Value): Promise<Value> {
  const deadline = performance.now() + 5_000
  let answer = await ask()
  while (answer !== expected && performance.now() < deadline) {
    await sleep(5)
    answer = await ask()
  }
  return answer
}
