import { own } from '../peers/all.ts'
import type { Workload } from './workload.ts'

const connections = 64

/** Small JSON as fast as it goes, through one configuration of ours and another. */
export function ownAgainstOwn(
  parts: Pick<Workload, 'name' | 'title' | 'reference' | 'figures'> & {
    readonly contenders: ReturnType<Workload['contenders']>
  },
): Workload {
  const { contenders, ...rest } = parts
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
      exchange: 'small',
      connections,
      routes,
    }),
  }
}
