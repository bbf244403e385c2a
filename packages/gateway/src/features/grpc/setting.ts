import { once } from '../../settings/schema/library.ts'
import { oneOrMore } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { grpcWebSetting } from './web/setting.ts'
import { bytesOrOff, value } from '../../settings/schema/setting.ts'
import { type Kind, textKind, whole } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

function names(what: string, characters: string, example: string): Kind<string> {
  const pattern = `^[${characters}*-]{1,255}$`
  const form = new RegExp(pattern)
  return textKind(
    what,
    `letters, digits and "_"${characters.includes('.') ? ', with dots between its parts' : ''}, "*" for any run of them, such as ${example}`,
    (written) => (form.test(written) ? parsed(written) : refused(`is not ${what}`)),
    { pattern },
  )
}

const serviceName = names('the name of a gRPC service', 'A-Za-z0-9_.', 'shop.Orders or shop.*')
const methodName = names('the name of a gRPC method', 'A-Za-z0-9_', 'GetOrder or Get*')

/** Described once, as `$defs/grpcMatch`: it stands in each match. */
export const grpcMatch = once(() =>
  section('GrpcMatchInput', () => ({
    service: oneOrMore(
      serviceName,
      'Its service with its package, or some; `*` stands for any run of characters.',
    ).optional(),
    method: oneOrMore(methodName, 'Its method, or some; `*` stands for any run of characters.').optional(),
  }))().meta({ id: 'grpcMatch' }),
)

export type GrpcMatchConfig = Read<typeof grpcMatch>

export const grpcSetting = section('GrpcInput', () => ({
  maxRequestMessage: bytesOrOff(
    'Size of one message of a client; a call with a larger one fails with RESOURCE_EXHAUSTED. Left out, or off, there is no limit.',
  ).optional(),
  maxResponseMessage: bytesOrOff('The same of a message of the upstream.').optional(),
  messagesPerSecond: value(
    whole(1, 1_000_000),
    'Messages that a client may send on one call in a second, so many at once too; a call with more fails with RESOURCE_EXHAUSTED. Left out, there is no limit.',
  ).optional(),
  web: grpcWebSetting()
    .optional()
    .describe(
      'Calls of gRPC-Web become those of gRPC for the upstream; an empty section will do. Left out, they are passed on as they are.',
    ),
}))

export type GrpcConfig = Read<typeof grpcSetting>
