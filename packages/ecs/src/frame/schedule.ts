import type { EcsPort, Plugin, System, SystemPlace } from '../port/port.ts'

/** The systems of a world in their order, and whether they run. */
export class Schedule {
  paused = false
  pauses = 0
  private list: readonly System[] = []
  private readonly plugins = new Set<string>()
  private running = false

  get names(): readonly string[] {
    return this.list.map(({ name }) => name)
  }

  add(system: System, { before, after }: SystemPlace = {}): void {
    if (this.list.some(({ name }) => name === system.name))
      throw new Error(
        `the world has a system ${system.name} already: replaceSystem puts another in its place`,
      )
    let at = this.list.length
    if (before !== undefined) at = this.indexOf(before)
    else if (after !== undefined) at = this.indexOf(after) + 1
    this.list = this.list.toSpliced(at, 0, system)
  }

  replace(name: string, system: System): void {
    this.list = this.list.with(this.indexOf(name), system)
  }

  remove(name: string): void {
    this.list = this.list.toSpliced(this.indexOf(name), 1)
  }

  install(plugin: Plugin, port: EcsPort): void {
    if (this.plugins.has(plugin.name))
      throw new Error(`the plugin ${plugin.name} is installed already in this world`)
    this.plugins.add(plugin.name)
    plugin.install(port)
  }

  /**
   * @param before called before the first system
   * @param after called after each system, also one that throws
   */
  tick(port: EcsPort, before: () => void, after: () => void): void {
    if (this.running) throw new Error('tick was called within a tick: a system or observer must not call it')
    if (this.paused) return
    this.running = true
    const thrown: unknown[] = []
    try {
      before()
      for (const system of this.list) {
        try {
          system.run(port)
        } catch (error) {
          thrown.push(error)
        }
        attempt(after, thrown)
      }
    } finally {
      this.running = false
    }
    if (thrown.length === 1) throw thrown[0]
    if (thrown.length > 1) throw new AggregateError(thrown, `${thrown.length} systems of a tick failed`)
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.pauses++
  }

  private indexOf(name: string): number {
    const index = this.list.findIndex((system) => system.name === name)
    if (index < 0)
      throw new Error(`the world has no system ${name}; it has ${this.names.join(', ') || 'none'}`)
    return index
  }
}

function attempt(work: () => void, thrown: unknown[]): void {
  try {
    work()
  } catch (error) {
    thrown.push(error)
  }
}
