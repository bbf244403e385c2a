import type { GatewayConfigInput } from './input/input.ts'

/**
 * Types a configuration written in TypeScript; it changes nothing.
 *
 * ```ts
 * export default defineConfig({ routes: [{ upstream: 'http://127.0.0.1:9000' }] })
 * ```
 */
export function defineConfig(config: GatewayConfigInput): GatewayConfigInput {
  return config
}
