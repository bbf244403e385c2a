import { component, type Component } from '../../port/component.ts'

/** A request that was handed to the client. */
export interface HttpInFlight {
  /** World time in milliseconds. */
  readonly since: number
  /** The name of the client that sends it. */
  readonly client: string
}

/** On each entity whose request is under way: from its start until what came of it is applied. */
export const HttpInFlight: Component<HttpInFlight> = component<HttpInFlight>('HttpInFlight')
