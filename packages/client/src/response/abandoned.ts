import { type Body, TrafficError } from '@headgate/core'

/**
 * Gives up the bodies of responses that were collected as garbage before anybody read them: nobody can any more, and their
 * connections are free for others.
 */
const registry = new FinalizationRegistry<Body>((body) => {
  const reason = 'the response was collected as garbage before its body was read: read it, or discard() it'
  body.cancel(new TrafficError('cancelled', reason, { phase: 'response-body' }))
})

/** Gives `body` up when nothing refers to `holder` any more. What carries the body on must not refer to `holder`. */
export function giveUpWith(holder: object, body: Body): void {
  registry.register(holder, body, holder)
}

/** Somebody reads the body, or another holder stands for it. */
export function heldElsewhere(holder: object): void {
  registry.unregister(holder)
}
