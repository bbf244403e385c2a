import type { SaturationJob } from '../load/job.ts'
import { own } from '../peers/all.ts'
import type { Workload } from './workload.ts'

const connections = 64

/** Requests as fast as they are answered, for small JSON if nothing is said, through one configuration of ours and another. */
export function ownAgainstOwn(
  parts: Pick<Workload, 'name' | 'title' | 'reference' | 'figures'> & {
    readonly contenders: ReturnType<Workload['contenders']>
    /** What is asked for instead of small JSON. */
    readonly load?: Pick<SaturationJob, 'exchange' | 'distinct' | 'fields'>
  },
): Workload {
  const { contenders, load = { exchange: 'small' }, ...rest } = parts
  return {
    ...rest,
    tls: false,
    fresh: false,
    connections,
    extraSeconds: 0.2,
    contenders: (peers) => (peers.includes(own) ? contenders : []),
    job: ({ target, window }, routes) => ({
      kind: 'saturation',
      target,
      window,
      ...load,
      connections,
      routes,
    }),
  }
}
