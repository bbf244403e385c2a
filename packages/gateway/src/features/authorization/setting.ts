import { zod } from '../../settings/schema/library.ts'
import { keyed, list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import { anyText, method, name } from '../../settings/values/kinds.ts'
import { scope } from '../authentication/scope.ts'
import { requestConditions, valueMatch } from '../match/setting.ts'
import { expression } from './expression/expression.ts'
import { timesSetting } from './times.ts'

const rule = section('AuthorizationRuleInput', () => ({
  name: value(
    name,
    'What logs and metrics call it. Left out: allow-1, deny-1 and so on, by position.',
  ).optional(),
  authenticators: list(value(name))
    .min(1)
    .optional()
    .describe('Callers that one of these authenticators knows.'),
  subjects: list(value(anyText))
    .min(1)
    .optional()
    .describe('One of these users, names of keys, or subjects of tokens.'),
  consumers: list(value(name)).min(1).optional().describe('One of these consumers.'),
  groups: list(value(name)).min(1).optional().describe('Callers in one of these groups.'),
  roles: list(value(name))
    .min(1)
    .optional()
    .describe('Callers with one of these roles, which are those of the claim "roles".'),
  scopes: list(value(scope)).min(1).optional().describe('Callers with all of these scopes.'),
  claims: keyed(name, valueMatch())
    .optional()
    .describe('Claims of a token, or metadata of a key, by name; of a list, one entry must match.'),
  methods: list(value(method)).min(1).optional().describe('Requests with one of these methods.'),
  params: keyed(name, valueMatch())
    .optional()
    .describe('Parameters of the path, such as id of /users/:id, by name.'),
  ...requestConditions(),
  times: timesSetting().optional(),
  when: value(
    expression,
    'An expression in CEL that must hold, over request, identity, route and connection. Where it fails, a denial holds and a permission does not.',
  ).optional(),
}))

export type AuthorizationRule = Read<typeof rule>

const rules = (about: string) =>
  zod()
    .union([rule(), list(rule())])
    .transform((written) => (Array.isArray(written) ? written : [written]))
    .describe(about)
    .optional()

export const authorizationSetting = section('AuthorizationInput', () => ({
  allow: rules(
    'What is allowed: a request that meets all conditions of one of these rules. Left out: all that is not denied; an empty list: nothing.',
  ),
  deny: rules('What is denied, whatever allows it.'),
  mode: oneOf(
    ['enforce', 'report'],
    'Whether what is not allowed is refused (403), or only counted and logged.',
  ).prefault('enforce'),
}))

export type AuthorizationConfig = Read<typeof authorizationSetting>
