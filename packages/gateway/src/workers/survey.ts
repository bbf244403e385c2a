import type { WorkerQuestion } from './protocol.ts'
import type { WorkerSlot } from './slot.ts'

/** What one worker answered. */
export interface Surveyed<Answer> {
  readonly worker: number
  readonly answer: Answer
}

/** Asks all workers that listen; those that end or refuse meanwhile are left out. */
export async function survey<Answer>(
  slots: readonly WorkerSlot[],
  question: WorkerQuestion,
): Promise<Surveyed<Answer>[]> {
  const asked = slots.filter(({ state }) => state === 'listening')
  const answers = await Promise.allSettled(asked.map((slot) => slot.ask(question)))
  return answers.flatMap((each, index) => {
    const worker = asked[index]?.index
    // `worker-answers.ts` says what the answer to each question is.
    return each.status === 'fulfilled' && worker !== undefined
      ? [{ worker, answer: each.value as Answer }]
      : []
  })
}
