import { REQUESTS, RESPONSES } from './corpus.ts'
import { RequestGrammar } from './grammar-requests.ts'
import { ResponseGrammar } from './grammar-responses.ts'
import type { Asked, Input } from './input.ts'
import { Mutation } from './mutation.ts'
import { Random } from './random.ts'

const REQUEST_METHODS = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS']

/** One of so many cases goes through a whole connection. */
const WHOLE = 64

/** Makes cases, the same ones for the same seed. The bytes of a case are valid until the next one is made. */
export class Generator {
  private readonly random: Random
  private readonly requests: RequestGrammar
  private readonly responses: ResponseGrammar
  private readonly mutation: Mutation

  constructor(seed: number) {
    this.random = new Random(seed)
    this.requests = new RequestGrammar(this.random)
    this.responses = new ResponseGrammar(this.random)
    this.mutation = new Mutation(this.random)
  }

  next(): Input {
    const { random, mutation } = this
    const isRequest = random.below(8) < 5
    mutation.begin(this.text(isRequest))
    let changes = random.oneIn(2) ? 0 : 1 + random.below(3)
    while (changes-- > 0) mutation.change(this.text(isRequest))
    const { bytes } = mutation
    return {
      bytes,
      cuts: this.cuts(bytes),
      lowLimits: random.oneIn(4),
      whole: random.oneIn(WHOLE),
      answers: isRequest ? undefined : this.asked(),
    }
  }

  private text(isRequest: boolean): string {
    const { random } = this
    if (random.oneIn(4)) return random.pick(isRequest ? REQUESTS : RESPONSES)
    const grammar = isRequest ? this.requests : this.responses
    grammar.oddness = random.oneIn(2) ? 0 : 2 << random.below(5)
    return grammar.messages()
  }

  private cuts(bytes: Buffer): number[] {
    const { random } = this
    const { length } = bytes
    if (random.oneIn(2) || length < 2) return []
    const cuts: number[] = []
    if (random.oneIn(32) && length < 1000) for (let at = 1; at < length; at++) cuts.push(at)
    else {
      for (let count = 1 + random.below(3); count > 0; count--) cuts.push(this.cut(bytes))
      cuts.sort((one, other) => one - other)
    }
    return cuts
  }

  /** Anywhere, or close to a line's end, where more depends on it. */
  private cut(bytes: Buffer): number {
    const { random } = this
    const anywhere = 1 + random.below(bytes.length - 1)
    if (random.oneIn(2)) return anywhere
    const end = bytes.indexOf(0x0a, anywhere)
    return end < 0 ? anywhere : Math.max(1, end + 3 - random.below(6))
  }

  private asked(): Asked {
    const { random } = this
    return {
      method: random.pick(REQUEST_METHODS),
      upgrade: random.oneIn(4) ? 'websocket' : undefined,
      version: random.oneIn(5) ? '1.0' : '1.1',
    }
  }
}
