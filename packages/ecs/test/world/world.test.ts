import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { component, World } from '../../src/index.ts'
import { ECS_PORT_CASES } from '../../src/testing/index.ts'

const Name = component<string>('Name')

describe('the world of its own', () => {
  for (const { name, run } of ECS_PORT_CASES) it(name, () => run(() => new World()))

  it('makes the changes of commands when the system that asked for them has ended', () => {
    const world = new World()
    const seen: number[] = []
    const old = world.spawn(Name('old'))
    world.addSystem({
      name: 'asks',
      run: () => {
        world.commands.spawn([Name('new')], (entity) => world.commands.add(entity, Name('newest')))
        world.commands.despawn(old)
        world.commands.add(old, Name('too late'))
        world.commands.remove(old, Name)
        seen.push(world.query(Name).length)
      },
    })
    world.addSystem({ name: 'sees', run: () => void seen.push(world.query(Name).length) })
    world.tick()
    assert.deepEqual(seen, [1, 1])
    assert.deepEqual(
      world.query(Name).map((entity) => world.get(entity, Name)),
      ['newest'],
    )
  })

  it('loses no command behind one that throws', () => {
    const world = new World()
    world.addSystem({
      name: 'asks',
      run: () => {
        world.commands.run(() => {
          throw new Error('a command failed')
        })
        world.commands.spawn([Name('behind')])
        world.removeSystem('asks')
      },
    })
    assert.throws(() => world.tick(), /a command failed/)
    world.addSystem({ name: 'idle', run: () => {} })
    world.tick()
    assert.equal(world.query(Name).length, 1)
  })
})
