import { createHash } from 'node:crypto'

/** What Redis answers: text is bytes, as a value may be anything. */
export type RedisReply = Buffer | number | null | readonly RedisReply[]

/**
 * Sends commands to Redis, for stores that keep something there: who has a client gives them one of these. Core knows no client of
 * Redis.
 */
export interface RedisCommands {
  /**
   * Sends one command. Commands that are sent one after the other reach Redis in that order.
   * @param args its name first; text is sent as UTF-8
   * @param wait milliseconds for which Redis itself may let it wait, beside the time for its answer
   * @returns its reply; rejects where Redis refuses it, or does not answer in time
   */
  send(args: readonly (string | Buffer)[], wait?: number): Promise<RedisReply>
}

/** A script that Redis runs as one step: nothing of others comes between its commands. */
export class RedisScript {
  private readonly text: string
  private readonly digest: string

  /** @param text in Lua */
  constructor(text: string) {
    this.text = text
    this.digest = createHash('sha1').update(text).digest('hex')
  }

  /**
   * Runs it: by its digest, and by its text where Redis has it no more, as after a restart.
   * @param key one of those that it uses; all of them have the same hash tag
   */
  async run(
    commands: RedisCommands,
    key: string,
    ...args: readonly (string | number | Buffer)[]
  ): Promise<RedisReply> {
    const rest = ['1', key, ...args.map((each) => (typeof each === 'number' ? String(each) : each))]
    try {
      return await commands.send(['EVALSHA', this.digest, ...rest])
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return commands.send(['EVAL', this.text, ...rest])
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

/** The reply as a list. @throws TypeError where it is another, as of a script that somebody else has put there */
export function listReply(reply: RedisReply): readonly RedisReply[] {
  if (Array.isArray(reply)) return reply
  throw new TypeError('Redis answered with something else than a list')
}

/** The number that a reply is, or is the text of. */
export function numberReply(reply: RedisReply | undefined): number {
  const value = typeof reply === 'number' ? reply : Number(textReply(reply))
  if (Number.isFinite(value)) return value
  throw new TypeError('Redis answered with something else than a number')
}

/** One character for each byte. */
export function textReply(reply: RedisReply | undefined): string {
  if (Buffer.isBuffer(reply)) return reply.toString('latin1')
  throw new TypeError('Redis answered with something else than text')
}
