import { written } from '../../settings/written.ts'
import type { GatewayConfigInput } from '../input/input.ts'
import { type GatewayConfig, gatewaySetting } from '../schema/schema.ts'
import { withoutInherited } from './write-shared.ts'
import type { Written } from './written.ts'

/**
 * A configuration as somebody would write it who leaves nothing to defaults: durations, sizes and rates with their units. What
 * is read from it is the same configuration. What routes share stands where it was written, and as it was.
 */
export function writtenConfig({
  variables: _,
  shared,
  ...config
}: GatewayConfig): Written<GatewayConfigInput> {
  const whole = written(gatewaySetting(), config) as Written<GatewayConfigInput> // as a test reads it back
  return {
    ...whole,
    ...(shared && { defaults: shared.defaults, groups: shared.groups }),
    routes: whole.routes.map((route, index) => withoutInherited(route, shared?.routes[index])),
  }
}
