import type { WrittenEvent } from '@headgate/core'
import type { HandlerContext } from '../handlers/handler-context.ts'

/** An event of a stream, as code is given it. */
export interface StreamEvent {
  /** `message` where the stream names none. */
  readonly type: string
  readonly data: string
  /** The last id that the stream gave, with this event or before it; empty if none. */
  readonly lastEventId: string
}

type ChangedEvent = StreamEvent | WrittenEvent | string | null | undefined | void

/**
 * Changes an event on its way: gives another one, several in a list, a text that is its data; null leaves it out, and nothing (undefined) leaves it as
 * it is.
 */
export type ChangeEvent = (
  event: StreamEvent,
  context: HandlerContext,
) => ChangedEvent | readonly ChangedEvent[] | Promise<ChangedEvent | readonly ChangedEvent[]>
