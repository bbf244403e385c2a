import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createWorld, trait, type World } from 'koota'
import { component, event } from '../../src/index.ts'
import { kootaPort, traitOf } from '../../src/koota/index.ts'
import { ECS_PORT_CASES } from '../../src/testing/index.ts'

const Name = component<string>('Name')
const Told = event<string>('Told')

describe('a world of koota as a port', () => {
  let worlds: World[] = []

  // Koota has sixteen worlds at a time.
  const make = (): ReturnType<typeof kootaPort> => {
    const world = createWorld()
    worlds.push(world)
    return kootaPort(world)
  }
  const destroyAll = (): void => {
    for (const world of worlds) world.destroy()
    worlds = []
  }
  after(destroyAll)

  for (const { name, run } of ECS_PORT_CASES) {
    it(name, () => {
      try {
        run(make)
      } finally {
        destroyAll()
      }
    })
  }

  it('has components that are traits of koota, for its own queries and entities', () => {
    const port = make()
    const Position = trait({ x: 0 })
    const entity = port.spawn(Name('it'))
    entity.add(Position({ x: 2 }))
    assert.deepEqual([...port.world.query(traitOf(Name), Position)], [entity])
    assert.equal(entity.get(traitOf(Name)), 'it')
    const other = port.world.spawn(Position, traitOf(Name)('other'))
    assert.equal(port.get(other, Name), 'other')
    destroyAll()
  })

  it('lets observers of an entity go that koota destroys, after they were told', () => {
    const port = make()
    const told: string[] = []
    const entity = port.spawn(Name('it'))
    port.events(Told).observe((value) => void told.push(value), entity)
    port.onRemove(Name, (gone) => port.events(Told).send('gone', gone))
    entity.destroy()
    port.tick()
    port.events(Told).send('again', entity)
    assert.deepEqual(told, ['gone'])
    destroyAll()
  })
})
