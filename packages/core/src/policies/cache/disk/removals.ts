import { pathOf, removeFile } from './disk-files.ts'

/** Files that are removed at a time. */
const AT_A_TIME = 2

/** Removes files, some at a time: a purge may be for all of them. */
export class Removals {
  private readonly root: string
  private names: string[] = []
  private running = 0
  private waiting: (() => void)[] = []

  constructor(root: string) {
    this.root = root
  }

  add(name: string): void {
    this.names.push(name)
    if (this.running < AT_A_TIME) void this.run()
  }

  /** Resolves when nothing is left to be removed. */
  done(): Promise<void> {
    if (this.running === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private async run(): Promise<void> {
    this.running++
    for (let name = this.names.pop(); name !== undefined; name = this.names.pop())
      await removeFile(pathOf(this.root, name))
    this.running--
    if (this.running > 0) return
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
