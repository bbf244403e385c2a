import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goals, goalsOf } from '../src/goals.ts'
import { allClients } from '../src/clients/all.ts'
import { clientWorkloads } from '../src/clients/workloads.ts'
import { allPeers } from '../src/peers/all.ts'
import { allWorkloads } from '../src/workloads/all.ts'
import { parseOptions } from '../src/options.ts'
import type { Goal, WorkloadResult } from '../src/results.ts'

function contender(name: string, rounds: (number | null)[]): WorkloadResult['contenders'][number] {
  const summary = { median: 0, min: 0, max: 0 }
  return { name, figures: [{ name: 'figure', better: 'more', rounds, summary }], rounds: [] }
}

test('a goal is judged by the median of the ratios of the rounds that both sides have', () => {
  const outcome: WorkloadResult = {
    name: 'w',
    title: '',
    reference: 'b',
    contenders: [contender('a', [10, 30, 40, null]), contender('b', [10, 10, 10, 10])],
  }
  const goal: Goal = { workload: 'w', who: 'a', to: 'b', must: 2, aim: 4 }
  const [met] = goalsOf(outcome, [goal])
  assert.deepEqual(met, { ...goal, measured: { median: 3, min: 1, max: 4 }, met: 'must' })
  assert.equal(goalsOf(outcome, [{ ...goal, aim: 3 }])[0]?.met, 'aim')
  assert.equal(goalsOf(outcome, [{ ...goal, must: 3.5 }])[0]?.met, 'missed')
  assert.deepEqual(goalsOf(outcome, [{ ...goal, to: 'absent' }]), [])
})

test('a goal without another contender is about the figure, of which less may be better', () => {
  const memory = contender('a', [9, 12, 20])
  for (const figure of memory.figures) figure.better = 'less'
  const outcome: WorkloadResult = { name: 'w', title: '', reference: 'a', contenders: [memory] }
  const metBy = (must: number, aim: number): string | undefined =>
    goalsOf(outcome, [{ workload: 'w', who: 'a', must, aim }])[0]?.met
  assert.deepEqual([metBy(16, 12), metBy(16, 8), metBy(11, 8)], ['aim', 'must', 'missed'])
})

test('goals name workloads that exist, and contenders that take part in them', () => {
  const takers = new Map<string, readonly { name: string }[]>([
    ...allWorkloads.map((each) => [each.name, each.contenders(allPeers)] as const),
    ...clientWorkloads.map((each) => [each.name, each.contenders(allClients)] as const),
  ])
  for (const { who, to = who, workload } of goals) {
    const names = takers.get(workload)?.map(({ name }) => name) ?? []
    assert.ok(names.includes(who) && names.includes(to), `${workload}: ${who}, ${to}`)
  }
})

test('--client leaves out the workloads of proxies, and names choose from both', () => {
  assert.deepEqual(parseOptions(['--client']).workloads, [])
  assert.ok(parseOptions([]).workloads.length > 0 && parseOptions([]).clientWorkloads.length === 4)
  const chosen = parseOptions(['--peers', 'got,nginx', '--workload', 'client-json,small-json'])
  assert.deepEqual(
    [chosen.peers, chosen.clients, chosen.workloads, chosen.clientWorkloads].map((all) =>
      all.map(({ name }) => name),
    ),
    [['nginx'], ['got'], ['small-json'], ['client-json']],
  )
})
