import { type Clock, systemClock } from '../../../time/clock.ts'
import { own } from '../../../message/own-options.ts'
import {
  listReply,
  numberReply,
  type RedisCommands,
  type RedisReply,
  textReply,
} from '../../redis-commands.ts'
import type { Selection } from '../store.ts'
import { selectionOf } from './names.ts'
import { DEFAULT_PREFIX } from './redis-store.ts'
import { MOMENT } from './scripts.ts'

/** What a feed tells. */
export interface PurgeListener {
  /** Another gateway has purged. */
  purged(selection: Selection, how: 'hard' | 'soft', now: number): void
  /** There may be purges of which nobody can tell what they were for: before the feed, and where it has lost sight of them. */
  missed(): void
  /** All purges up to now have been told. */
  heard(): void
}

/** Options of `RedisPurgeFeed`. */
export interface RedisPurgeFeedOptions {
  /** As of the store. */
  readonly prefix?: string | undefined
  /** Whose purges are not told: those of the stores with the same `self`. */
  readonly self?: string | undefined
  readonly clock?: Clock | undefined
}

/** How long Redis lets one question wait for a purge, in milliseconds: so often at least `heard` is told. */
const WAIT = 1_000
/** Purges that one answer brings. */
const AT_A_TIME = 256
/** How long it waits after an error, in milliseconds: half of it and more, by chance. */
const PAUSE = 500

/**
 * Follows the purges of all gateways that keep responses in the same Redis, for what a gateway keeps of its own in front of it. It
 * reads on behind the last purge that it has told, so that a connection that was lost costs time and no purge; where too many were
 * meanwhile, or Redis has lost its data, it tells that some were missed.
 */
export class RedisPurgeFeed {
  private readonly commands: RedisCommands
  private readonly listener: PurgeListener
  private readonly meta: string
  private readonly log: string
  private readonly self: string | undefined
  private readonly clock: Clock
  private last: number | undefined
  private stopped = false

  /** @param commands of a connection of its own: a question that waits holds up all behind it */
  constructor(commands: RedisCommands, listener: PurgeListener, given: RedisPurgeFeedOptions = {}) {
    const { prefix = DEFAULT_PREFIX, self, clock = systemClock } = own(given)
    this.commands = commands
    this.listener = listener
    this.meta = `${prefix}meta`
    this.log = `${prefix}log`
    this.self = self
    this.clock = clock
  }

  /** Follows until `stop`. */
  async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.step()
      } catch {
        // Whoever has the connection tells of it. Where it was, it goes on.
        await this.pause()
      }
    }
  }

  stop(): void {
    this.stopped = true
  }

  private async step(): Promise<void> {
    const purges = this.last === undefined ? await this.begin() : await this.next(this.last)
    if (this.stopped) return
    for (const purge of purges) this.tell(purge)
    if (purges.length < AT_A_TIME) this.listener.heard()
  }

  /** What was purged before, nobody has told. */
  private async begin(): Promise<readonly RedisReply[]> {
    this.miss(await this.moment())
    return NONE
  }

  private async next(last: number): Promise<readonly RedisReply[]> {
    const came = await this.read(last, WAIT)
    if (came.length > 0) return came
    const moment = await this.moment()
    if (moment === last) return NONE
    // One has just been, or the log is another one.
    const more = moment > last ? await this.read(last) : NONE
    if (more.length === 0) this.miss(moment)
    return more
  }

  private async read(last: number, wait?: number): Promise<readonly RedisReply[]> {
    const block = wait === undefined ? [] : ['BLOCK', String(wait)]
    const args = ['XREAD', 'COUNT', String(AT_A_TIME), ...block, 'STREAMS', this.log, `${last}-0`]
    const reply = await this.commands.send(args, wait)
    return reply === null ? NONE : listReply(listReply(listReply(reply)[0] ?? NONE)[1] ?? NONE)
  }

  private tell(purge: RedisReply): void {
    const [id, fields = NONE] = listReply(purge)
    const number = Number(textReply(id).split('-')[0])
    const [, , , how, , by, , value, , now, , from] = listReply(fields)
    const selection = selectionOf(textReply(by), textReply(value))
    if (number !== (this.last ?? number) + 1 || selection === undefined) this.miss(number)
    else if (textReply(from) !== this.self)
      this.listener.purged(selection, textReply(how) === 'soft' ? 'soft' : 'hard', Number(textReply(now)))
    this.last = number
  }

  private miss(moment: number): void {
    this.last = moment
    this.listener.missed()
  }

  private async moment(): Promise<number> {
    return numberReply(listReply(await MOMENT.run(this.commands, this.meta))[0])
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.timer(resolve).arm(PAUSE * (0.5 + this.clock.random()))
    })
  }
}

const NONE: readonly RedisReply[] = []
