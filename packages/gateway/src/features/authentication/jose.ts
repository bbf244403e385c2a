import type * as library from 'jose'

export type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'

/** The library that verifies tokens, loaded where the first one comes. */
export function loadJose(): Promise<typeof library> {
  return import('jose')
}
