import { list, oneOrMore, record } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { anyText, name } from '../../settings/values/kinds.ts'

/** A caller that has a name, whatever it is known by, and what belongs to it. */
export const consumerSetting = section('ConsumerInput', () => ({
  credentials: record(oneOrMore(anyText, 'Subjects, as the authenticator of that name knows them.'))
    .meta({ propertyNames: name.json })
    .describe(
      'What it is known by: names of authenticators, each with the subjects that are this consumer: users, names of API keys, subjects of tokens, names in certificates.',
    ),
  groups: list(value(name))
    .prefault([])
    .describe('Groups that it is in, besides those that its credentials bring.'),
  rateLimit: oneOrMore(
    name,
    'Names of rateLimits that its requests take from, on all routes together, whatever their key says.',
  ).optional(),
  routes: oneOrMore(
    name,
    'Names of the routes that it may use; others answer with 403. Left out: all.',
  ).optional(),
}))

export type ConsumerConfig = Read<typeof consumerSetting>

/** A gateway, as far as its callers have names. */
export interface ConsumedGateway {
  readonly consumers?: Readonly<Record<string, ConsumerConfig>> | undefined
}
