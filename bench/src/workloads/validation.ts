import { own } from '../peers/all.ts'
import { validatingHeadgate } from '../peers/headgate.ts'
import { requestsPerCpuSecond } from './figures.ts'
import { ownAgainstOwn } from './own-against-own.ts'
import type { Workload } from './workload.ts'

const WITHOUT = 'without a schema'

/** What it costs to read what is sent, and to check it. */
export const validation: Workload = ownAgainstOwn({
  name: 'validation',
  title: `2 KiB of JSON that is sent, through ${own.name} with a schema for it and without, 10 routes`,
  reference: WITHOUT,
  figures: [requestsPerCpuSecond],
  load: { exchange: 'order' },
  contenders: [
    { name: WITHOUT, peer: own, routes: 10 },
    { name: 'with a schema', peer: validatingHeadgate, routes: 10 },
  ],
})
