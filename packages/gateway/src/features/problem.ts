import { ALL_WAYS, type ExchangeRow } from './layer.ts'

import { problem } from '@headgate/core'

export const problemLayer: ExchangeRow = {
  name: 'problem',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'turns failures into responses with problem details (RFC 9457), or with a gRPC status',
  build: () => problem(),
  tells: () => undefined,
}
