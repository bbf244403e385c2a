import type { GatewayConfig } from '../config/config.ts'
import { configJsonSchema } from '../config/json-schema.ts'
import { redact } from '../config/redact.ts'
import { type AdminOperation, json } from './endpoint.ts'

/** `GET /routes`. */
export function routes(config: () => GatewayConfig): AdminOperation {
  return {
    method: 'GET',
    path: '/routes',
    about: 'the routes in force, in the order in which they are configured',
    description: { id: 'listRoutes', answers: { 200: 'the routes' } },
    handle: () => json({ routes: redact(config().routes, configJsonSchema(), ['routes']) }),
  }
}
