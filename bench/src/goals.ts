import type { FigureResult, Goal, GoalResult, WorkloadResult } from './results.ts'
import { ratiosPerRound, summarise } from './statistics.ts'

/** What Headgate shall reach: a ratio, or, where it is compared with nobody, a figure. */
export const goals: readonly Goal[] = [
  { workload: 'small-json-tls', who: 'headgate', to: 'nginx', must: 0.55, aim: 0.9 },
  { workload: 'tls-full', who: 'headgate', to: 'nginx', must: 0.5, aim: 0.8 },
  { workload: 'tls-resumed', who: 'headgate', to: 'nginx', must: 0.5, aim: 0.8 },
  { workload: 'tls-names-10k', who: '10,000 certificates', to: '1 certificate', must: 1.05, aim: 1 },
  { workload: 'tls-swap', who: 'headgate', must: 0, aim: 0 },
  { workload: 'api-key', who: 'with API keys', to: 'bare route', must: 0.85, aim: 0.93 },
  { workload: 'jwt', who: 'with tokens', to: 'bare route', must: 0.85, aim: 0.93 },
  // What costs a tenth more, or a fiftieth.
  {
    workload: 'consumers-10k',
    who: '10,000 consumers, 1,000 networks',
    to: '10 and 10',
    must: 1 / 1.1,
    aim: 1 / 1.02,
  },
  { workload: 'validation', who: 'with a schema', to: 'without a schema', must: 0.75, aim: 0.85 },
  { workload: 'h2-shared', who: 'headgate, h2c upstream', to: 'nginx', must: 4, aim: 8 },
  { workload: 'h2-shared', who: 'headgate', to: 'nginx', must: 1, aim: 1.4 },
  { workload: 'h2-paths', who: 'headgate, h2c upstream', to: 'nginx', must: 2.5, aim: 4 },
  { workload: 'h2-single', who: 'headgate, h2c upstream', to: 'nginx', must: 0.7, aim: 1 },
  { workload: 'h2-tls', who: 'headgate, h2c upstream', to: 'nginx', must: 2.5, aim: 5 },
  { workload: 'h1-to-h2c-64', who: 'headgate, h2c upstream', to: 'nginx', must: 0.9, aim: 1.2 },
  { workload: 'h1-to-h2c-256', who: 'headgate, h2c upstream', to: 'nginx', must: 1.2, aim: 1.6 },
  { workload: 'h2-idle', who: 'headgate', must: 16, aim: 8 },
  { workload: 'grpc-unary', who: 'headgate', to: 'haproxy', must: 0.8, aim: 1.5 },
  { workload: 'grpc-messages', who: 'headgate', to: 'haproxy', must: 0.7, aim: 1 },
  { workload: 'cache-hit', who: 'headgate', to: 'nginx', must: 0.6, aim: 1 },
  { workload: 'cache-hit', who: 'headgate', to: 'varnish', must: 0.6, aim: 1 },
  { workload: 'cache-hit-1m', who: 'headgate', to: 'nginx', must: 0.7, aim: 1 },
  { workload: 'cache-miss', who: 'with a cache', to: 'without a cache', must: 1.15, aim: 1.05 },
  { workload: 'cache-cold', who: 'headgate, 4 workers', must: 1, aim: 1 },
  { workload: 'cache-memory', who: 'headgate, 4 workers', must: 1.5, aim: 1.2 },
  { workload: 'file-10k', who: 'headgate', to: 'nginx', must: 0.5, aim: 0.8 },
  { workload: 'file-10m', who: 'headgate', to: 'nginx', must: 0.7, aim: 1 },
  { workload: 'handle', who: 'headgate', to: 'hono', must: 2, aim: 3 },
  { workload: 'handle', who: 'headgate', to: 'fastify', must: 1.3, aim: 2 },
  { workload: 'client-json', who: 'headgate', to: 'undici', must: 1, aim: 1.6 },
  { workload: 'client-json', who: 'headgate', to: 'got', must: 3, aim: 5 },
  { workload: 'client-json', who: 'headgate', to: 'axios', must: 3, aim: 5 },
  { workload: 'client-json', who: 'headgate', to: 'node-fetch', must: 3, aim: 5 },
  { workload: 'client-json', who: 'headgate-fetch', to: 'undici-fetch', must: 3, aim: 4 },
  // A stack that costs a fifth more, or a twelfth.
  { workload: 'client-json', who: 'headgate', to: 'headgate-minimal', must: 1 / 1.2, aim: 1 / 1.08 },
  { workload: 'client-download', who: 'headgate-fetch', to: 'undici', must: 0.9, aim: 1.2 },
  { workload: 'client-h2c', who: 'headgate-h2c', to: 'headgate', must: 1.5, aim: 3 },
  { workload: 'client-h2c', who: 'headgate-h2c', to: 'undici-h2c', must: 3, aim: 8 },
  { workload: 'client-h2', who: 'headgate-h2', to: 'undici-h2', must: 3, aim: 8 },
]

/** The goals of a workload for which all that they compare was measured. */
export function goalsOf({ name, contenders }: WorkloadResult, all: readonly Goal[] = goals): GoalResult[] {
  const figureOf = (who: string): FigureResult | undefined =>
    contenders.find((each) => each.name === who)?.figures[0]
  return all
    .filter(({ workload }) => workload === name)
    .flatMap((goal) => {
      const own = figureOf(goal.who)
      const values =
        goal.to === undefined ? present(own) : ratiosPerRound(roundsOf(own), roundsOf(figureOf(goal.to)))
      if (own === undefined || values.length === 0) return []
      const measured = summarise(values)
      const reaches = (wanted: number): boolean =>
        own.better === 'more' ? measured.median >= wanted : measured.median <= wanted
      return [{ ...goal, measured, met: reaches(goal.aim) ? 'aim' : reaches(goal.must) ? 'must' : 'missed' }]
    })
}

function roundsOf(figure: FigureResult | undefined): (number | undefined)[] {
  return figure?.rounds.map((value) => value ?? undefined) ?? []
}

function present(figure: FigureResult | undefined): number[] {
  return roundsOf(figure).filter((value) => value !== undefined)
}
