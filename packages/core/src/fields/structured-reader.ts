import { FieldScanner } from './scanner.ts'
import { readBareItem } from './structured-bare.ts'
import type { BareItem, Dictionary, InnerList, Item, List, Member } from './structured-types.ts'

/** Undefined for what is malformed: a field is taken as a whole or not at all, so nobody needs to know where it went wrong. */
export type Parsed<Value> = Value | undefined

const TRUE: BareItem = { type: 'boolean', value: true }
const KEY = /[a-z*][a-z0-9_.*-]*/y

/** The parsing algorithms of RFC 9651 4.2, one method each. */
export class StructuredReader extends FieldScanner {
  list(): Parsed<List> {
    const members: Member[] = []
    while (!this.done) {
      const member = this.member()
      if (member === undefined) return undefined
      members.push(member)
      if (!this.nextMember()) return undefined
    }
    return members
  }

  dictionary(): Parsed<Dictionary> {
    const members = new Map<string, Member>()
    while (!this.done) {
      const key = this.match(KEY)
      if (key === undefined) return undefined
      const member = this.take('=') ? this.member() : this.parametersOf(TRUE)
      if (member === undefined) return undefined
      members.set(key, member)
      if (!this.nextMember()) return undefined
    }
    return members
  }

  item(): Parsed<Item> {
    const bare = readBareItem(this)
    return bare === undefined ? undefined : this.parametersOf(bare)
  }

  private member(): Parsed<Member> {
    return this.text[this.at] === '(' ? this.innerList() : this.item()
  }

  private innerList(): Parsed<InnerList> {
    this.at++
    const items: Item[] = []
    while (!this.done) {
      this.skipSpaces()
      if (this.take(')')) {
        const parameters = this.parameters()
        return parameters && { items, parameters }
      }
      const item = this.item()
      if (item === undefined) return undefined
      items.push(item)
      const next = this.text[this.at]
      if (next !== ' ' && next !== ')') return undefined
    }
    return undefined
  }

  private parametersOf(bare: BareItem): Parsed<Item> {
    const parameters = this.parameters()
    return parameters && { bare, parameters }
  }

  private parameters(): Parsed<Map<string, BareItem>> {
    const parameters = new Map<string, BareItem>()
    while (this.take(';')) {
      this.skipSpaces()
      const key = this.match(KEY)
      if (key === undefined) return undefined
      const value = this.take('=') ? readBareItem(this) : TRUE
      if (value === undefined) return undefined
      parameters.set(key, value)
    }
    return parameters
  }

  /** Goes on to the next member of a list or dictionary; false if what stands here is neither that nor the end. */
  private nextMember(): boolean {
    this.skipBlanks()
    if (this.done) return true
    if (!this.take(',')) return false
    this.skipBlanks()
    // A comma at the end is followed by nothing.
    return !this.done
  }
}
