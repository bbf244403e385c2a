interface Node<Value> {
  readonly key: string
  value: Value
  older: Node<Value> | undefined
  newer: Node<Value> | undefined
}

/**
 * A map that knows which key was not asked for in the longest time. A key that is asked for moves within a list beside the map:
 * to take it out of the map and put it in again leaves a hole in its bucket each time, and takes 150 µs with 20,000 keys.
 */
export class RecencyMap<Value> {
  private readonly nodes = new Map<string, Node<Value>>()
  private oldestNode: Node<Value> | undefined
  private newestNode: Node<Value> | undefined

  /** Counts as asked for. */
  get(key: string): Value | undefined {
    const node = this.nodes.get(key)
    if (node === undefined) return undefined
    if (node !== this.newestNode) {
      this.unlink(node)
      this.append(node)
    }
    return node.value
  }

  peek(key: string): Value | undefined {
    return this.nodes.get(key)?.value
  }

  /** A new key is the newest; one that is there stays where it is. */
  set(key: string, value: Value): void {
    const node = this.nodes.get(key)
    if (node !== undefined) node.value = value
    else {
      const added = { key, value, older: undefined, newer: undefined }
      this.nodes.set(key, added)
      this.append(added)
    }
  }

  delete(key: string): void {
    const node = this.nodes.get(key)
    if (node === undefined) return
    this.nodes.delete(key)
    this.unlink(node)
  }

  clear(): void {
    this.nodes.clear()
    this.oldestNode = undefined
    this.newestNode = undefined
  }

  get oldest(): string | undefined {
    return this.oldestNode?.key
  }

  *[Symbol.iterator](): IterableIterator<readonly [key: string, value: Value]> {
    for (const { key, value } of this.nodes.values()) yield [key, value]
  }

  private append(node: Node<Value>): void {
    node.older = this.newestNode
    node.newer = undefined
    if (this.newestNode === undefined) this.oldestNode = node
    else this.newestNode.newer = node
    this.newestNode = node
  }

  private unlink(node: Node<Value>): void {
    if (node.older === undefined) this.oldestNode = node.newer
    else node.older.newer = node.newer
    if (node.newer === undefined) this.newestNode = node.older
    else node.newer.older = node.older
  }
}
