import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goals, goalsOf } from '../src/clients/goals.ts'
import { allClients } from '../src/clients/all.ts'
import { clientWorkloads } from '../src/clients/workloads.ts'
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
  const goal: Goal = { workload: 'w', client: 'a', to: 'b', must: 2, aim: 4 }
  const [met] = goalsOf(outcome, [goal])
  assert.deepEqual(met, { ...goal, ratio: { median: 3, min: 1, max: 4 }, met: 'must' })
  assert.equal(goalsOf(outcome, [{ ...goal, aim: 3 }])[0]?.met, 'aim')
  assert.equal(goalsOf(outcome, [{ ...goal, must: 3.5 }])[0]?.met, 'missed')
  assert.deepEqual(goalsOf(outcome, [{ ...goal, to: 'absent' }]), [])
})

test('goals name clients and workloads that exist', () => {
  const clients = allClients.map(({ name }) => name)
  for (const { client, to, workload } of goals) {
    assert.ok(clients.includes(client) && clients.includes(to), `${client}, ${to}`)
    assert.ok(clientWorkloads.some(({ name }) => name === workload))
  }
})

test('--client leaves out the workloads of proxies, and names choose from both', () => {
  assert.deepEqual(parseOptions(['--client']).workloads, [])
  assert.ok(parseOptions([]).workloads.length > 0 && parseOptions([]).clientWorkloads.length === 2)
  const chosen = parseOptions(['--peers', 'got,nginx', '--workload', 'client-json,small-json'])
  assert.deepEqual(
    [chosen.peers, chosen.clients, chosen.workloads, chosen.clientWorkloads].map((all) =>
      all.map(({ name }) => name),
    ),
    [['nginx'], ['got'], ['small-json'], ['client-json']],
  )
})
