/**
 * Keys that have left before they were asked for again: one that comes back is wanted by more than one. Two sets take turns, since
 * to forget the oldest of one set key by key leaves holes in it.
 */
export class GhostKeys {
  private readonly most: number
  private recent = new Set<string>()
  private before = new Set<string>()

  /** @param most keys to remember: at least half as many are */
  constructor(most: number) {
    this.most = Math.max(1, Math.ceil(most / 2))
  }

  add(key: string): void {
    if (this.recent.size >= this.most) {
      this.before = this.recent
      this.recent = new Set()
    }
    this.recent.add(key)
  }

  has(key: string): boolean {
    return this.recent.has(key) || this.before.has(key)
  }
}
