import type { RegexNode } from './regex-syntax.ts'

/** A step of the automaton: it takes a symbol of `set` (or none, where that is undefined) and goes on to `next`. */
export interface RegexStep {
  readonly set: Uint8Array | undefined
  next: number
  /** A second way on, for steps that take nothing. */
  readonly other: number
}

/** The step at which the whole value has been taken. */
const ACCEPT = 0
const NOWHERE = -1
const MOST_STEPS = 1000

/**
 * Writes a regular expression out as steps (Thompson 1968).
 * @throws TypeError if there are too many
 */
export function regexSteps(node: RegexNode): {
  readonly steps: readonly RegexStep[]
  readonly first: number
} {
  const writer = new StepWriter()
  const first = writer.compile(node, ACCEPT)
  return { steps: writer.steps, first }
}

class StepWriter {
  readonly steps: RegexStep[] = [{ set: undefined, next: NOWHERE, other: NOWHERE }]

  /** Adds the steps of `node`, which go on to `next`; returns where they start. */
  compile(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.add({ set: node.set, next, other: NOWHERE })
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.compile(part, after), next)
      case 'choice':
        return node.options
          .map((option) => this.compile(option, next))
          .reduceRight((other, option) => this.add({ set: undefined, next: option, other }))
      case 'repeat':
        return this.repeat(node.part, node.min, node.max, next)
    }
  }

  private repeat(part: RegexNode, min: number, max: number, next: number): number {
    let start = next
    if (max === Infinity) {
      const step: RegexStep = { set: undefined, next: NOWHERE, other: next }
      start = this.add(step)
      step.next = this.compile(part, start)
    } else {
      for (let count = min; count < max; count++) {
        start = this.add({ set: undefined, next: this.compile(part, start), other: next })
      }
    }
    for (let count = 0; count < min; count++) start = this.compile(part, start)
    return start
  }

  private add(step: RegexStep): number {
    if (this.steps.length >= MOST_STEPS)
      throw new TypeError(`is too large: written out, it has more than ${MOST_STEPS} places`)
    return this.steps.push(step) - 1
  }
}

/** The steps in which the automaton is at once: those that take a symbol, and `ACCEPT`. Used again and again. */
export class StepSet {
  /** In no order; the first `size` of them count. */
  readonly members: Uint16Array
  size = 0
  private readonly steps: readonly RegexStep[]
  /** In which round each step was added last: cleared by counting on. */
  private readonly seen: Float64Array
  private readonly open: number[] = []
  private round = 1

  constructor(steps: readonly RegexStep[]) {
    this.steps = steps
    this.members = new Uint16Array(steps.length)
    this.seen = new Float64Array(steps.length)
  }

  clear(): void {
    this.size = 0
    this.round++
  }

  get accepts(): boolean {
    return this.seen[ACCEPT] === this.round
  }

  /** Adds a step, or those that it leads to without taking anything. */
  add(first: number): void {
    const { open, seen, round } = this
    for (let index: number | undefined = first; index !== undefined; index = open.pop()) {
      const step = this.steps[index]
      if (step === undefined || seen[index] === round) continue
      seen[index] = round
      if (step.set !== undefined || index === ACCEPT) this.members[this.size++] = index
      else open.push(step.next, step.other)
    }
  }

  /** Becomes what the members, of this set or another, lead to with a symbol. */
  becomeNext(members: Uint16Array, size: number, code: number): void {
    this.clear()
    for (let at = 0; at < size; at++) {
      const step = this.steps[members[at] as number] // `size` of them are there
      if (step?.set?.[code] === 1) this.add(step.next)
    }
  }
}
