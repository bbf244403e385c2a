import type { GatewayConfig } from '../config/config.ts'
import { configJsonSchema } from '../config/json-schema.ts'
import { redact } from '../config/redact.ts'
import { type AdminEndpoint, json } from './endpoint.ts'

/** `/config`: what is in force, every default filled in. */
export function configuration(config: GatewayConfig): AdminEndpoint {
  const answer = json(redact(config, configJsonSchema()))
  return {
    path: '/config',
    about: 'the configuration in force, defaults filled in, secrets redacted',
    answer: () => answer,
  }
}
