import type { GatewayConfigInput } from './input/input.ts'
import type { AsInFile } from './input/quantities.ts'

/** What a configuration file in TypeScript holds: any value may have variables. */
type ConfigFile = AsInFile<GatewayConfigInput>

/**
 * Types a configuration written in TypeScript; it changes nothing. A text may hold variables such as `${PORT}`, in quotes, which
 * are replaced when the file is read; `createGateway` takes none.
 *
 * ```ts
 * export default defineConfig({ routes: [{ upstream: 'http://127.0.0.1:9000' }] })
 * ```
 */
export function defineConfig(config: GatewayConfigInput): GatewayConfigInput
export function defineConfig(config: ConfigFile): ConfigFile
export function defineConfig(config: ConfigFile): ConfigFile {
  return config
}
