import type { System } from '../../port/port.ts'
import { HttpTime } from '../resources/http-time.ts'

/** Moves the time of the world on. It stands first: deadlines and budgets go by it. */
export const advanceTime: System = {
  name: 'http:advance-time',
  run: (port) => port.resource(HttpTime).advance(port.pauses),
}
