import type { Goal, GoalResult, WorkloadResult } from '../results.ts'
import { ratiosPerRound, summarise } from '../statistics.ts'

/** What Headgate's client shall reach. */
export const goals: readonly Goal[] = [
  { workload: 'client-json', client: 'headgate', to: 'undici', must: 1, aim: 1.6 },
  { workload: 'client-json', client: 'headgate', to: 'got', must: 3, aim: 5 },
  { workload: 'client-json', client: 'headgate', to: 'axios', must: 3, aim: 5 },
  { workload: 'client-json', client: 'headgate', to: 'node-fetch', must: 3, aim: 5 },
  { workload: 'client-json', client: 'headgate-fetch', to: 'undici-fetch', must: 3, aim: 4 },
  // A stack that costs a fifth more, or a twelfth.
  { workload: 'client-json', client: 'headgate', to: 'headgate-minimal', must: 1 / 1.2, aim: 1 / 1.08 },
  { workload: 'client-download', client: 'headgate-fetch', to: 'undici', must: 0.9, aim: 1.2 },
]

/** The goals of a workload for which both sides were measured. */
export function goalsOf({ name, contenders }: WorkloadResult, all: readonly Goal[] = goals): GoalResult[] {
  const roundsOf = (client: string): (number | undefined)[] =>
    contenders.find((each) => each.name === client)?.figures[0]?.rounds.map((value) => value ?? undefined) ??
    []
  return all
    .filter(({ workload }) => workload === name)
    .flatMap((goal) => {
      const ratios = ratiosPerRound(roundsOf(goal.client), roundsOf(goal.to))
      if (ratios.length === 0) return []
      const ratio = summarise(ratios)
      const met = ratio.median >= goal.aim ? 'aim' : ratio.median >= goal.must ? 'must' : 'missed'
      return [{ ...goal, ratio, met }]
    })
}
