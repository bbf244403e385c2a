import type { Measurement } from './load/job.ts'
import { own } from './peers/all.ts'
import type { ContenderResult, FigureResult, WorkloadResult } from './results.ts'
import { ratiosPerRound, type Summary, summarise } from './statistics.ts'
import type { Figure, Workload } from './workloads/workload.ts'

/** The measurements of one contender, one per round, with a gap where it was not measured. */
export interface MeasuredRounds {
  name: string
  rounds: (Measurement | undefined)[]
}

/** Makes the figures of a workload from its measurements. Contenders without any are not in it. */
export function figuresOfRounds(
  workload: Pick<Workload, 'name' | 'title' | 'reference' | 'figures'>,
  measured: readonly MeasuredRounds[],
): WorkloadResult {
  const contenders = measured
    .filter(({ rounds }) => rounds.some((round) => round !== undefined))
    .map(({ name, rounds }): ContenderResult => {
      const figures = workload.figures.map((figure) => figureOf(figure, name, measured, workload.reference))
      return { name, figures, rounds: rounds.map((round) => round ?? null) }
    })
  return { name: workload.name, title: workload.title, reference: workload.reference, contenders }
}

function figureOf(
  figure: Figure,
  name: string,
  measured: readonly MeasuredRounds[],
  reference: string,
): FigureResult {
  const valuesOf = (contender: string): (number | undefined)[] =>
    measured
      .find((each) => each.name === contender)
      ?.rounds.map((round) => (round === undefined ? undefined : figure.of(round))) ?? []
  const values = valuesOf(name)
  const toReference = summaryOf(ratiosPerRound(values, valuesOf(reference)))
  const ownToThis = name === own.name ? undefined : summaryOf(ratiosPerRound(valuesOf(own.name), values))
  return {
    name: figure.name,
    better: figure.better,
    rounds: values.map((value) => value ?? null),
    summary: summarise(values.filter((value) => value !== undefined)),
    ...(toReference && { toReference }),
    ...(ownToThis && { ownToThis }),
  }
}

function summaryOf(ratios: readonly number[]): Summary | undefined {
  return ratios.length === 0 ? undefined : summarise(ratios)
}
