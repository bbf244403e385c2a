import assert from 'node:assert/strict'
import { component } from '../port/component.ts'
import { event } from '../port/event.ts'
import type { EcsPort } from '../port/port.ts'
import { resource } from '../port/resource.ts'
import { ENTITY_CASES } from './entity-cases.ts'

/** One thing that every `EcsPort` does. */
export interface EcsPortCase {
  /** A sentence on its behaviour. */
  readonly name: string
  /** @param make makes a port on a world of its own. @throws AssertionError if the port does something else */
  readonly run: (make: () => EcsPort) => void
}

const Tag = component<string>('Tag')
const Told = event<number>('Told')
const Score = resource<{ points: number }>('Score')

function testCase(name: string, run: (port: EcsPort) => void): EcsPortCase {
  return { name, run: (make) => run(make()) }
}

const EVENT_CASES: readonly EcsPortCase[] = [
  testCase('a reader reads each event once, in the order in which they were sent', (port) => {
    const events = port.events(Told)
    const reader = events.reader()
    events.send(1)
    events.send(2)
    assert.deepEqual(reader.read(), [1, 2])
    events.send(3)
    assert.deepEqual([reader.read(), reader.read()], [[3], []])
    assert.deepEqual(events.reader().read(), [1, 2, 3])
  }),
  testCase('an event is kept during the tick after it was sent, and not longer', (port) => {
    const events = port.events(Told)
    const slow = events.reader()
    events.send(1)
    port.tick()
    events.send(2)
    assert.deepEqual(events.reader().read(), [1, 2])
    port.tick()
    assert.deepEqual(events.reader().read(), [2])
    port.tick()
    assert.deepEqual([events.reader().read(), slow.read()], [[], []])
    events.send(3)
    assert.deepEqual(slow.read(), [3])
  }),
  testCase('observers of an entity are told of its events first, then those of all', (port) => {
    const [one, other] = [port.spawn(), port.spawn()]
    const told: string[] = []
    const end = port.events(Told).observe((value) => void told.push(`all ${value}`))
    port.events(Told).observe((value) => void told.push(`one ${value}`), one)
    port.events(Told).send(1, one)
    port.events(Told).send(2, other)
    end()
    port.events(Told).send(3)
    port.events(Told).send(4, one)
    assert.deepEqual(told, ['one 1', 'all 1', 'all 2', 'one 4'])
  }),
  testCase('observers of an entity end with it, and the next one of its kind has none', (port) => {
    const told: number[] = []
    const entity = port.spawn()
    port.events(Told).observe((value) => void told.push(value), entity)
    port.despawn(entity)
    port.tick()
    const next = port.spawn()
    port.events(Told).send(1, entity)
    port.events(Told).send(2, next)
    assert.deepEqual(told, [])
  }),
  testCase('while an entity is despawned, its observers can be told', (port) => {
    const told: number[] = []
    const entity = port.spawn(Tag('it'))
    port.events(Told).observe((value) => void told.push(value), entity)
    port.onRemove(Tag, (gone) => port.events(Told).send(7, gone))
    port.despawn(entity)
    assert.deepEqual(told, [7])
  }),
]

const SYSTEM_CASES: readonly EcsPortCase[] = [
  testCase('systems run once a tick, in the order that their places say', (port) => {
    const ran: string[] = []
    const system = (name: string): { name: string; run: () => void } => ({
      name,
      run: () => void ran.push(name),
    })
    port.addSystem(system('b'))
    port.addSystem(system('d'))
    port.addSystem(system('a'), { before: 'b' })
    port.addSystem(system('c'), { after: 'b' })
    port.tick()
    assert.deepEqual([ran, port.systems], [['a', 'b', 'c', 'd'], ran])
    port.replaceSystem('c', system('other'))
    port.removeSystem('d')
    assert.deepEqual(port.systems, ['a', 'b', 'other'])
    assert.throws(() => port.addSystem(system('a')), /has a system a already/)
    assert.throws(() => port.removeSystem('d'), /has no system d; it has a, b, other/)
  }),
  testCase('a system that throws keeps no other from running, and tick throws it', (port) => {
    const ran: string[] = []
    const failure = new Error('a system failed')
    port.addSystem({
      name: 'first',
      run: () => {
        throw failure
      },
    })
    port.addSystem({ name: 'second', run: () => void ran.push('second') })
    assert.throws(() => port.tick(), failure)
    assert.throws(() => port.tick(), failure)
    assert.deepEqual(ran, ['second', 'second'])
  }),
  testCase('a tick within a tick is an error, and the outer one goes on', (port) => {
    const ran: string[] = []
    port.addSystem({ name: 'inner', run: () => assert.throws(() => port.tick(), /within a tick/) })
    port.addSystem({ name: 'after', run: () => void ran.push('after') })
    port.tick()
    assert.deepEqual(ran, ['after'])
  }),
  testCase('while it is paused, a tick runs nothing and forgets no event', (port) => {
    let ticks = 0
    port.addSystem({ name: 'count', run: () => void ticks++ })
    port.events(Told).send(1)
    port.pause()
    for (let tick = 0; tick < 3; tick++) port.tick()
    assert.deepEqual([ticks, port.paused, port.pauses], [0, true, 0])
    assert.deepEqual(port.events(Told).reader().read(), [1])
    port.resume()
    port.resume()
    port.tick()
    assert.deepEqual([ticks, port.paused, port.pauses], [1, false, 1])
  }),
  testCase('a resource is there once, and one that nobody made is an error with its name', (port) => {
    assert.throws(() => port.resource(Score), /no resource Score/)
    assert.equal(port.findResource(Score), undefined)
    port.setResource(Score, { points: 1 })
    port.resource(Score).points++
    assert.deepEqual(port.findResource(Score), { points: 2 })
  }),
  testCase('a plugin is installed once', (port) => {
    const plugin = { name: 'p', install: (to: EcsPort) => to.setResource(Score, { points: 5 }) }
    port.addPlugin(plugin)
    assert.equal(port.resource(Score).points, 5)
    assert.throws(() => port.addPlugin(plugin), /plugin p is installed already/)
  }),
]

/** What every `EcsPort` does, for a test of one's own: `for (const { name, run } of ECS_PORT_CASES) test(name, () => run(make))`. */
export const ECS_PORT_CASES: readonly EcsPortCase[] = [
  ...ENTITY_CASES.map(({ name, run }) => testCase(name, run)),
  ...EVENT_CASES,
  ...SYSTEM_CASES,
]
