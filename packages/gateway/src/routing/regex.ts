import { parseRegex, type RegexNode, SYMBOLS } from './regex-syntax.ts'

/** A step of the automaton: it takes a symbol of `set` (or none, where that is undefined) and goes on to `next`. */
interface Step {
  readonly set: Uint8Array | undefined
  next: number
  /** A second way on, for steps that take nothing. */
  readonly other: number
}

/** All steps in which the automaton can be at once. */
interface State {
  readonly steps: readonly number[]
  readonly accepts: boolean
  readonly next: (State | undefined)[]
}

const MOST_STEPS = 1000
/** States are made as they are met; a value made to meet ever new ones must not fill the memory. */
const MOST_STATES = 256
const ACCEPT = 0

/**
 * A regular expression that is compared with whole values, in time linear in their length whatever it says: it is matched by
 * an automaton that is in all possible places at once (Thompson 1968) and never turns back. JavaScript's own would take years
 * for `(a+)+b` and forty letters.
 */
export class Regex {
  readonly source: string
  private readonly steps: Step[] = [{ set: undefined, next: -1, other: -1 }]
  private readonly states = new Map<string, State>()
  private readonly first: number
  private start: State

  /** @throws TypeError that says what is wrong */
  constructor(source: string) {
    this.source = source
    this.first = this.compile(parseRegex(source), ACCEPT)
    this.start = this.stateOf([this.first])
  }

  matches(text: string): boolean {
    let state = this.start
    for (let index = 0; index < text.length; index++) {
      const code = Math.min(text.charCodeAt(index), SYMBOLS - 1)
      state = state.next[code] ?? this.advance(state, code)
      if (state.steps.length === 0) return false
    }
    return state.accepts
  }

  /** Adds the steps of `node`, which go on to `next`; answers where they start. */
  private compile(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.add({ set: node.set, next, other: -1 })
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
      const step: Step = { set: undefined, next: -1, other: next }
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

  private add(step: Step): number {
    if (this.steps.length >= MOST_STEPS)
      throw new TypeError(`is too large: written out, it has more than ${MOST_STEPS} places`)
    return this.steps.push(step) - 1
  }

  private advance(state: State, code: number): State {
    const reached: number[] = []
    for (const index of state.steps) {
      const step = this.steps[index]
      if (step?.set?.[code] === 1) reached.push(step.next)
    }
    const next = this.stateOf(reached)
    state.next[code] = next
    return next
  }

  private stateOf(reached: readonly number[]): State {
    const all = new Set<number>()
    const open = [...reached]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const step = this.steps[index]
      if (index < 0 || step === undefined || all.has(index)) continue
      all.add(index)
      if (step.set === undefined) open.push(step.next, step.other)
    }
    const steps = [...all].filter((index) => index === ACCEPT || this.steps[index]?.set !== undefined)
    const key = steps.sort((a, b) => a - b).join()
    const known = this.states.get(key)
    if (known !== undefined) return known
    if (this.states.size >= MOST_STATES) this.forget()
    const state: State = { steps, accepts: all.has(ACCEPT), next: [] }
    this.states.set(key, state)
    return state
  }

  private forget(): void {
    this.states.clear()
    // What the old ones lead to would stay in memory with them.
    this.start = this.stateOf([this.first])
  }
}
