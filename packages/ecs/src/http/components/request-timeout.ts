import { component, type Component } from '../../port/component.ts'

/** How long a request may take. */
export interface RequestTimeout {
  /** Milliseconds of world time, see `HttpTime`, from when it is submitted to its end: waiting for a slot and a rate limit count. */
  readonly after: number
  /** The world time at which it fails with `deadline_exceeded`; undefined until it is submitted. */
  deadline: number | undefined
}

/** When a request is given up: `RequestTimeout(5_000)`. It is read when the request is submitted. */
export const RequestTimeout: Component<RequestTimeout, number> = component(
  'RequestTimeout',
  (after: number): RequestTimeout => {
    if (!(after >= 0))
      throw new TypeError(`RequestTimeout is ${after}; allowed: a number of milliseconds, from 0`)
    return { after, deadline: undefined }
  },
)
