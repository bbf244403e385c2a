import type { EcsPort, Plugin, System, SystemPlace } from '../port/port.ts'

/** The part of a port that is about systems: which there are, in which order, and whether they run. */
export abstract class Schedule {
  private list: readonly System[] = []
  private readonly plugins = new Set<string>()
  private running = false
  private isPaused = false
  private ended = 0

  /** This one, whole. */
  protected abstract port(): EcsPort
  /** Called before the first system of a tick. */
  protected abstract tickBegins(): void
  /** Called after each system of a tick, also one that throws. */
  protected systemEnded(): void {}

  get systems(): readonly string[] {
    return this.list.map(({ name }) => name)
  }

  addSystem(system: System, { before, after }: SystemPlace = {}): void {
    if (this.list.some(({ name }) => name === system.name))
      throw new Error(
        `the world has a system ${system.name} already: replaceSystem puts another in its place`,
      )
    let at = this.list.length
    if (before !== undefined) at = this.indexOf(before)
    else if (after !== undefined) at = this.indexOf(after) + 1
    this.list = this.list.toSpliced(at, 0, system)
  }

  replaceSystem(name: string, system: System): void {
    this.list = this.list.with(this.indexOf(name), system)
  }

  removeSystem(name: string): void {
    this.list = this.list.toSpliced(this.indexOf(name), 1)
  }

  addPlugin(plugin: Plugin): void {
    if (this.plugins.has(plugin.name))
      throw new Error(`the plugin ${plugin.name} is installed already in this world`)
    this.plugins.add(plugin.name)
    plugin.install(this.port())
  }

  tick(): void {
    if (this.running) throw new Error('tick was called within a tick: a system or observer must not call it')
    if (this.isPaused) return
    this.running = true
    const thrown: unknown[] = []
    try {
      this.tickBegins()
      for (const system of this.list) {
        attempt(() => system.run(this.port()), thrown)
        attempt(() => this.systemEnded(), thrown)
      }
    } finally {
      this.running = false
    }
    if (thrown.length === 1) throw thrown[0]
    if (thrown.length > 1) throw new AggregateError(thrown, `${thrown.length} systems of a tick failed`)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (this.isPaused) this.ended++
    this.isPaused = false
  }

  get paused(): boolean {
    return this.isPaused
  }

  get pauses(): number {
    return this.ended
  }

  private indexOf(name: string): number {
    const index = this.list.findIndex((system) => system.name === name)
    if (index < 0)
      throw new Error(`the world has no system ${name}; it has ${this.systems.join(', ') || 'none'}`)
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
