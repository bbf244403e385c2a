import assert from 'node:assert/strict'
import { component } from '../port/component.ts'
import type { EcsPort } from '../port/port.ts'

const Name = component<string>('Name')
const Place = component<{ x: number }, number>('Place', (x) => ({ x }))
const Mark = component<undefined>('Mark')

interface EntityCase {
  readonly name: string
  readonly run: (port: EcsPort) => void
}

/** What every port does with entities and components. */
export const ENTITY_CASES: readonly EntityCase[] = [
  {
    name: 'an entity has the components that it was spawned with, by their values',
    run: (port) => {
      const place = Place(3)
      const entity = port.spawn(Name('it'), place)
      assert.equal(port.get(entity, Name), 'it')
      assert.equal(port.get(entity, Place), place.value)
      assert.deepEqual([port.has(entity, Place), port.has(entity, Mark)], [true, false])
      assert.equal(port.get(entity, Mark), undefined)
    },
  },
  {
    name: 'what is added replaces what was there, and what is removed is gone',
    run: (port) => {
      const entity = port.spawn(Name('one'))
      port.add(entity, Name('two'), Place(1))
      assert.deepEqual([port.get(entity, Name), port.get(entity, Place)], ['two', { x: 1 }])
      port.remove(entity, Name, Mark)
      assert.deepEqual([port.has(entity, Name), port.has(entity, Place)], [false, true])
    },
  },
  {
    name: 'a component without a value is there all the same',
    run: (port) => {
      const entity = port.spawn(Mark(undefined))
      assert.deepEqual([port.has(entity, Mark), port.query(Mark)], [true, [entity]])
    },
  },
  {
    name: 'one that is despawned is gone, with its components, and despawning it again does nothing',
    run: (port) => {
      const [entity, other] = [port.spawn(Name('one')), port.spawn(Name('other'))]
      assert.deepEqual([port.despawn(entity), port.despawn(entity)], [true, false])
      assert.deepEqual([port.isAlive(entity), port.isAlive(other)], [false, true])
      assert.deepEqual([port.get(entity, Name), port.has(entity, Name)], [undefined, false])
      assert.throws(() => port.add(entity, Name('again')), /is gone/)
      port.remove(entity, Name)
      assert.deepEqual(port.query(Name), [other])
    },
  },
  {
    name: 'the number of one that is gone is not that of the next',
    run: (port) => {
      const numbers = new Set<number>()
      for (let life = 0; life < 100; life++) {
        const entity = port.spawn(Name('it'))
        numbers.add(entity)
        port.despawn(entity)
      }
      const next = port.spawn()
      assert.equal(numbers.size, 100)
      assert.ok(!numbers.has(next))
      for (const number of numbers)
        assert.deepEqual([port.isAlive(number), port.has(number, Name)], [false, false])
    },
  },
  {
    name: 'a query finds those that have all of the components, in a list that does not change',
    run: (port) => {
      const both = port.spawn(Name('both'), Place(1))
      const named = port.spawn(Name('named'))
      const placed = port.spawn(Place(2))
      assert.deepEqual(sorted(port.query(Name)), sorted([both, named]))
      assert.deepEqual(port.query(Place, Name), [both])
      const all = port.query(Place)
      for (const entity of all) port.despawn(entity)
      assert.deepEqual(sorted(all), sorted([both, placed]))
      assert.deepEqual([port.query(Place), port.query(Mark)], [[], []])
      assert.deepEqual(sorted(port.query()), [named])
    },
  },
  {
    name: 'listeners are told of a component after it came and before it goes, until they end',
    run: (port) => {
      const told: unknown[] = []
      const ends = [
        port.onAdd(Name, (entity, value) => told.push(['came', value, port.get(entity, Name)])),
        port.onRemove(Name, (entity, value) => told.push(['goes', value, port.get(entity, Name)])),
      ]
      const entity = port.spawn(Name('one'))
      port.add(entity, Name('two'))
      port.remove(entity, Name)
      port.remove(entity, Name)
      port.add(entity, Name('three'))
      port.despawn(entity)
      for (const end of ends) end()
      port.despawn(port.spawn(Name('four')))
      assert.deepEqual(told, [
        ['came', 'one', 'one'],
        ['goes', 'one', 'one'],
        ['came', 'two', 'two'],
        ['goes', 'two', 'two'],
        ['came', 'three', 'three'],
        ['goes', 'three', 'three'],
      ])
    },
  },
  {
    name: 'a listener may despawn the entity that it is told of',
    run: (port) => {
      const end = port.onAdd(Name, (entity) => void port.despawn(entity))
      const entity = port.spawn(Name('short'), Place(1))
      assert.deepEqual([port.isAlive(entity), port.query(Place), port.query(Name)], [false, [], []])
      end()
      const late = port.spawn(Name('late'), Place(1))
      const inner: boolean[] = []
      port.onRemove(Name, (gone) => void inner.push(port.despawn(gone)))
      assert.equal(port.despawn(late), true)
      assert.deepEqual([inner, port.isAlive(late), port.query(Place)], [[false], false, []])
    },
  },
  {
    name: 'a listener may despawn another entity, and spawn one',
    run: (port) => {
      const [one, two] = [port.spawn(Name('one'), Place(1)), port.spawn(Name('two'), Place(2))]
      const end = port.onRemove(Name, (entity) => {
        end()
        if (entity === one) port.despawn(two)
        port.spawn(Place(3))
      })
      port.despawn(one)
      assert.deepEqual([port.isAlive(one), port.isAlive(two)], [false, false])
      assert.deepEqual(
        port.query(Place).map((entity) => port.get(entity, Place)?.x),
        [3],
      )
    },
  },
  {
    name: 'a listener may remove the component again that it is told of',
    run: (port) => {
      port.onAdd(Place, (entity) => port.remove(entity, Place))
      const entity = port.spawn(Place(1), Name('it'))
      assert.deepEqual([port.has(entity, Place), port.get(entity, Name)], [false, 'it'])
    },
  },
  {
    name: 'thousands of entities that come and go leave the others as they are',
    run: (port) => {
      const kept = Array.from({ length: 1_000 }, (_, index) => port.spawn(Place(index)))
      for (let round = 0; round < 3; round++) {
        const gone = Array.from({ length: 1_000 }, (_, index) => port.spawn(Place(index), Name('gone')))
        for (const entity of gone) port.despawn(entity)
      }
      assert.deepEqual(sorted(port.query(Place)), sorted(kept))
      assert.ok(kept.every((entity, index) => port.get(entity, Place)?.x === index))
    },
  },
]

function sorted(entities: readonly number[]): number[] {
  return [...entities].sort((one, other) => one - other)
}
