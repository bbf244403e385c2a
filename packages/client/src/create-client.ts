import { Client } from './client.ts'
import type { ClientOptions } from './options.ts'

/**
 * Makes a client. Each has connections, breakers, limits and a retry budget of its own: make one for a service, and keep it.
 * @throws TypeError that names the option that is not valid, and what is allowed
 */
export function createClient(options: ClientOptions = {}): Client {
  return new Client(options)
}
