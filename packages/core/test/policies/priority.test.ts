import assert from 'node:assert/strict'
import { test } from 'node:test'
import { displacedClass, nextClass } from '../../src/policies/concurrency/priority.ts'
import { WaitingLine, type Waiting } from '../../src/policies/concurrency/waiting-line.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const NONE = undefined

for (const [name, firsts, expected] of [
  ['nobody waits', [NONE, NONE, NONE], -1],
  ['only the lowest class waits', [NONE, NONE, 5], 2],
  ['all came at the same time', [5, 5, 5], 0],
  ['the lower one has waited a little longer', [999, 0, NONE], 0],
  ['the lower one has waited as long as a step', [1_000, 0, NONE], 0],
  ['the lower one has waited longer than a step', [1_001, 0, NONE], 1],
  ['the lowest one has waited longer than two steps', [2_001, 1_500, 0], 2],
] as const) {
  test(`next in line: ${name}`, () => assert.equal(nextClass(firsts, 1_000), expected))
}

for (const [name, lasts, newcomer, expected] of [
  ['a newcomer of the same class goes', [NONE, 4_000, NONE], 1, -1],
  ['one of a lower class gives way', [NONE, NONE, 4_500], 1, 2],
  ['not where it has waited for longer than a step', [NONE, NONE, 3_900], 1, -1],
  ['the one that would wait longest gives way', [NONE, 4_900, 4_200], 0, 2],
  ['a newcomer of the lowest class goes', [4_900, 4_900, 4_900], 2, -1],
] as const) {
  test(`full line: ${name}`, () => assert.equal(displacedClass(lasts, 1_000, 5_000, newcomer), expected))
}

class Person implements Waiting {
  previous: this | undefined
  next: this | undefined
  readonly since: number
  readonly priority: number

  constructor(since: number, priority: number) {
    this.since = since
    this.priority = priority
  }
}

test('with ever more of the highest class coming, the lowest is served within its ageing', () => {
  const line = new WaitingLine<Person>(3, 1_000)
  const low = new Person(0, 2)
  line.add(low)
  let served: Person | undefined
  let now = 0
  // Each millisecond one comes, and one is served.
  while (served !== low && now < 10_000) {
    line.add(new Person(now, 0))
    served = line.shift()
    now++
  }
  assert.ok(now > 1_000 && now <= 2_003, `${now}`)
})

test('the line serves as sorting by rank would, whoever leaves in between', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), priority: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ kind: fc.constant('shift' as const) }),
    fc.record({ kind: fc.constant('leave' as const), index: fc.nat(20) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const line = new WaitingLine<Person>(3, 7.5)
      let model: Person[] = []
      steps.forEach((each, now) => {
        if (each.kind === 'add') {
          const person = new Person(now, each.priority)
          line.add(person)
          model.push(person)
          model.sort((a, b) => a.since + a.priority * 7.5 - (b.since + b.priority * 7.5))
        } else if (each.kind === 'shift') assert.equal(line.shift(), model.shift())
        else {
          const leaving = model[each.index]
          if (leaving === undefined) return
          line.remove(leaving)
          model = model.filter((person) => person !== leaving)
        }
        assert.equal(line.size, model.length)
      })
    }),
  )
})
