import type { Client } from '@headgate/client'
import type { Kept } from '../../kept.ts'

/** The client of a gateway's handlers: made when the first of them asks for it, and the same after a reload. */
export class HandlerClient {
  private made: Client | undefined

  /** @param make what makes it, where there is none: it is code that a gateway without handlers does not load */
  get(make: () => Client): Client {
    this.made ??= make()
    return this.made
  }

  /** Calls under way end by themselves: the exchanges for which they are made do. */
  close(): void {
    void this.made?.close({ grace: Infinity })
  }
}

export function handlerClient(kept: Kept): HandlerClient {
  return kept.keep(
    'client of handlers',
    null,
    () => new HandlerClient(),
    (made) => made.close(),
  )
}
