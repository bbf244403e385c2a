/** Calls what a caller has given to be told by. What that throws is reported as an uncaught error of its own: the call goes on. */
export function tell<Event>(listener: (event: Event) => void, event: Event): void {
  try {
    listener(event)
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}
