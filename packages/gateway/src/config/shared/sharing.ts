import type { InheritedSetting } from '../../settings/merge.ts'
import type { SharedSettingsInput } from '../input/input.ts'
import type { RouteConfig } from '../schema/route-schema.ts'

/** What `defaults` say of responses that no route gives, too. */
export type UnroutedSettings = Pick<
  RouteConfig,
  'responseHeaders' | 'securityHeaders' | 'hsts' | 'errorPages'
>

/** What routes share, as it was written: routes themselves are complete, whatever they have it from. */
export interface SharedConfig {
  readonly defaults?: SharedSettingsInput | undefined
  readonly groups?: Readonly<Record<string, SharedSettingsInput>> | undefined
  readonly unrouted?: UnroutedSettings | undefined
  /** Of each route, in their order. */
  readonly routes: readonly RouteSharing[]
}

export interface RouteSharing {
  /** Names of groups, the nearest one last. */
  readonly use: readonly string[]
  /** Settings that it does not take over. */
  readonly without: readonly string[]
  /** What it has from elsewhere, in the order of the paths. */
  readonly inherited: readonly InheritedSetting[]
}
