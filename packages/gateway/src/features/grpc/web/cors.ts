import { Pages } from '../../cors/pages.ts'
import type { GrpcWebConfig } from './setting.ts'

/** Fields in which a call that has brought nothing else tells how it ended; all others come as the last frame. */
export const STATUS_FIELDS = ['grpc-status', 'grpc-message', 'grpc-status-details-bin'] as const

/** What pages of other origins may do; undefined where that is for the upstream to say. */
export function callPages({ origins, credentials, exposeHeaders, maxAge }: GrpcWebConfig): Pages | undefined {
  if (origins.length === 0) return undefined
  return new Pages({
    origins,
    credentials,
    methods: ['POST'],
    headers: undefined,
    exposeHeaders: [...STATUS_FIELDS, ...exposeHeaders],
    maxAge,
    privateNetwork: false,
  })
}
