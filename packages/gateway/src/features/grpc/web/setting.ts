import { list } from '../../../settings/schema/list.ts'
import { type Read, section } from '../../../settings/schema/section.ts'
import { boolean, timeOr0, value } from '../../../settings/schema/setting.ts'
import { webOrigin } from '../../cors/origin.ts'
import { token } from '../../../settings/values/request-field.ts'

export const grpcWebSetting = section('GrpcWebInput', () => ({
  origins: list(value(webOrigin))
    .prefault([])
    .describe(
      'Pages of other origins that may make calls (CORS), "*" for any. Left out: those of the same origin alone, and preflights go to the upstream.',
    ),
  credentials: boolean('Whether such pages may send cookies and other credentials of the browser.', false),
  exposeHeaders: list(value(token))
    .prefault([])
    .describe('Fields of responses that such pages may read, besides those of gRPC.'),
  maxAge: timeOr0('How long a browser may remember the answer to a preflight; 0: not at all.').prefault('1h'),
}))

export type GrpcWebConfig = Read<typeof grpcWebSetting>
