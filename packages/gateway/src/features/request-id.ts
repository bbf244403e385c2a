import { type Clock, requestId } from '@headgate/core'
import { ALL_WAYS, type ExchangeRow } from './layer.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { boolean, value } from '../settings/schema/setting.ts'
import { fieldName } from '../settings/values/kinds.ts'

export const requestIdSetting = section('RequestIdInput', () => ({
  header: value(fieldName, 'The field that carries the id, to upstreams and back to clients.').prefault(
    'x-request-id',
  ),
  accept: boolean(
    'Keep an id that the request brings, when it looks like one; false: always make a new one.',
    true,
  ),
}))

export const requestIdLayer: ExchangeRow<
  { readonly config: { readonly requestId: Read<typeof requestIdSetting> | false } },
  { readonly clock: Clock }
> = {
  name: 'requestId',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'gives the exchange its id, for the upstream, the response and the log',
  build: ({ config }, { clock }) =>
    config.requestId === false ? undefined : requestId({ ...config.requestId, clock }),
  tells: ({ config }) => config.requestId,
}
