import { isIP } from 'node:net'
import {
  bodyFrom,
  fieldText,
  HttpRequest,
  isSecretField,
  listHas,
  type PathForm,
  type Peer,
  protocolsToPass,
  redactQuery,
} from '@headgate/core'
import {
  explain as explainRequest,
  type Explanation,
  type LiveWeights,
  type TakenRoute,
} from '../../explain/explain.ts'
import { ATTEMPTS } from '../../features/layer.ts'
import { assumedIdentity } from '../../features/authentication/assumed.ts'
import { mirrorLine } from '../../features/mirror.ts'
import { sentHead } from '../../explain/dry-run.ts'
import { inLine } from '../../printable.ts'
import { SLASH_NOT_TAKEN, widestForm } from '../../routing/router/path-readings.ts'
import { HIDDEN, redactText } from '../../settings/redact-text.ts'
import { ADMIN_OPTION } from '../admin-client.ts'
import { ask } from '../ask.ts'
import { type CliCommand, type CliValues, CONFIG_OPTION, EXIT, JSON_OPTION, printFound } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import {
  callerLines,
  deadlineLines,
  endpointLines,
  graphqlLines,
  limitRows,
  splitLines,
  versionLines,
} from '../explain-lines.ts'
import { explainedOutcome, explanationView, liveWeights, shownCache } from '../explanation-view.ts'
import { targetName } from '../route-target.ts'
import { cacheLines, keyLines } from '../cache-lines.ts'
import { headerOption, headersOf } from '../header-option.ts'
import { foreseenView, type ForeseenView } from '../../explain/cache-view.ts'
import { table } from '../table.ts'

export const explain: CliCommand = {
  description:
    'Tells which route takes the request and why no other does, the policies that it meets in their order, the request ' +
    'as the upstream would get it, and where it could be sent. Sends nothing, and does not ask a gateway that runs, unless ' +
    'for the weights of splits and what its cache has (--live): limits count from the start. Exits with 1 if no route takes it, or if it is refused.',
  arguments: [
    { name: 'method', about: 'the method of the request, as GET' },
    { name: 'url', about: 'its URL, or its path alone' },
  ],
  options: [
    CONFIG_OPTION,
    JSON_OPTION,
    headerOption(),
    { flags: '-d, --body <content>', about: 'the content, as JSON unless a content-type says otherwise' },
    {
      flags: '--live',
      about:
        'with the weights that splits have by now in the gateway that runs, and what its cache has for it',
    },
    ADMIN_OPTION,
    {
      flags: '--as <caller>',
      about:
        'who asks, in place of what the request proves: AUTHENTICATOR:SUBJECT, or AUTHENTICATOR:{"subject":…,"scopes":[…]}',
    },
    { flags: '--client <address>', about: 'the IP address that it comes from', default: '127.0.0.1' },
  ],
  examples: [
    {
      command: 'headgate explain GET http://shop.example/orders/7',
      about: 'with headgate.yaml of this folder',
    },
    { command: "headgate explain POST /orders -H 'x-canary: true'", about: 'with a header field' },
    {
      command: `headgate explain POST /graphql -d '{"query":"{ viewer { id } }"}'`,
      about: 'with an operation of GraphQL, and how it stands to the limits',
    },
  ],
  async run(values, terminal) {
    const checked = requestOf(values, { encodedSlash: 'pass', slashes: 'keep' })
    if (typeof checked === 'string') {
      terminal.err(`headgate: ${checked}\n`)
      return EXIT.usage
    }
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    const asked = requestOf(values, widestForm(chosen.config.routes.map(({ paths }) => paths)))
    if (typeof asked === 'string') {
      // Refused by the forms of all routes, and not by itself.
      terminal.err(`headgate: ${asked}${TO_TAKE_IT}\n`)
      return EXIT.usage
    }
    const caller = values['as'] === undefined ? undefined : assumedIdentity(chosen.config, values['as'])
    if (typeof caller === 'string') {
      terminal.err(`headgate: --as ${values['as']} ${caller}\n`)
      return EXIT.usage
    }
    // Taken down first: the route changes the request.
    const { method, authority, path, query } = asked.request
    const isLive = values['live'] !== undefined
    let live: LiveWeights | undefined
    if (isLive) {
      const asking = await ask(values, terminal, async (client) => {
        live = await liveWeights(client)
      })
      if (asking !== EXIT.ok) return asking
    }
    const explanation = await explainRequest(chosen.config, asked.request, asked.peer, {
      weights: live,
      as: caller,
    })
    let stored: ForeseenView | undefined
    if (isLive && explanation.taken?.cache?.lookup !== undefined) {
      const asking = await ask(values, terminal, async (client) => {
        stored = await shownCache(client, values)
      })
      if (asking !== EXIT.ok) return asking
    }
    const shownQuery = redactQuery(query)
    printFound(
      values,
      terminal,
      explanationView({ method, host: authority.text, path, query: shownQuery }, explanation, stored),
      () =>
        `${inLine(`${method} ${authority.text}${path}${shownQuery}`)}\n\n${sections(explanation, isLive, stored).join('\n')}`,
    )
    return explainedOutcome(explanation) === 'taken' ? EXIT.ok : EXIT.failed
  },
}

const TO_TAKE_IT = '; a route takes such paths with paths: { encodedSlash: pass }'

/** The request, or what is wrong with it. */
function requestOf(values: CliValues, paths: PathForm): { request: HttpRequest; peer: Peer } | string {
  const { method = '', url = '', header, client = '', body } = values
  if (isIP(client) === 0) return `--client ${JSON.stringify(client)} is not an IP address`
  const headers = headersOf(header)
  if (typeof headers === 'string') return headers
  const { host = 'localhost', ...others } = headers
  if (body !== undefined) others['content-type'] ??= 'application/json'
  try {
    const request = HttpRequest.to(url.startsWith('/') ? `http://${host}${url}` : url, {
      method,
      headers: others,
      paths,
      ...(body !== undefined && { body: bodyFrom(body) }),
    })
    if (listHas(headers['connection'], 'upgrade')) request.upgrade = protocolsToPass(headers['upgrade'] ?? '')
    return { request, peer: { address: client, port: 0, encrypted: request.scheme === 'https' } }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function sections(explanation: Explanation, isLive: boolean, stored?: ForeseenView): string[] {
  const { found, pathProblem, graphql, client, place, others, taken } = explanation
  const rest = others.map(({ name, reason }) => [name, reason])
  const not = rest.length === 0 ? [] : [section('Not taken', columns(rest))]
  const where = place === undefined ? [] : [section(`Client ${client}`, columns(Object.entries(place)))]
  if (taken === undefined) {
    if (pathProblem !== undefined)
      return [
        section('No route takes it', [
          `the answer is 400: ${pathProblem}${pathProblem === SLASH_NOT_TAKEN ? TO_TAKE_IT : ''}`,
        ]),
        ...where,
        ...not,
      ]
    const answer = found.kind === 'method_not_allowed' ? `405, with Allow: ${found.allow.join(', ')}` : '404'
    if (graphql?.refusal !== undefined)
      return [section('No route is sought', graphqlLines(graphql)), ...where, ...not]
    return [section('No route takes it', [`the answer is ${answer}`]), ...where, ...not]
  }
  const facts = [...factSections(taken, isLive), ...cacheSection(taken, stored)]
  return [
    route(taken, found),
    ...where,
    ...(graphql === undefined ? [] : [section('GraphQL', graphqlLines(graphql, taken.config))]),
    ...not,
    ...sharedSettings(taken),
    ...policies(taken),
    ...facts,
    message(taken),
    ...endpoints(taken),
  ]
}

function route({ config }: TakenRoute, found: Explanation['found']): string {
  const params = found.kind === 'found' ? Object.entries(found.params) : []
  return section(`Route ${config.name}`, [
    `leads to ${targetName(config)}`,
    ...(config.paths.encodedSlash === 'pass' ? ['%2F in its paths passes'] : []),
    ...(config.paths.slashes === 'keep' ? ['runs of slashes in its paths are kept'] : []),
    ...params.map(([name, value]) => `:${name} is ${JSON.stringify(value)}`),
  ])
}

function sharedSettings({ shared }: TakenRoute): string[] {
  if (shared.length === 0) return []
  const rows = shared.map(({ setting, from }) => [setting, `from ${from}`])
  return [section('Shared with other routes', columns(rows))]
}

/** Those of an exchange, then those of the attempts at each upstream. */
function policies({ policies: list }: TakenRoute): string[] {
  const groups = Map.groupBy(list, ({ upstream, as }) => (upstream === undefined ? '' : `${as} ${upstream}`))
  return Array.from(groups.values(), (group) => {
    const rows = group.map(({ name, settings }) => [
      name,
      settings === undefined ? '' : JSON.stringify(settings),
    ])
    return section(stackTitle(group[0]), columns(rows))
  })
}

function stackTitle({ upstream, as }: Partial<TakenRoute['policies'][number]> = {}): string {
  if (upstream === undefined || as === undefined) return 'Policies, outermost first'
  return `Policies of ${ATTEMPTS[as]} ${upstream}`
}

/** What the route has a say in: only what it has. */
function factSections(taken: TakenRoute, isLive: boolean): string[] {
  const { config, facts, split } = taken
  const { apiVersions, mirror } = config
  const { version, rateLimits, deadlines } = facts
  const parts: [string, string[]][] = [
    ['Caller', callerLines(taken)],
    ['Version', version && apiVersions ? versionLines(version, apiVersions) : []],
    ['Rate limits', rateLimits.length === 0 ? [] : columns(limitRows(rateLimits))],
    ['Split', split ? splitLines(split, config.split?.sticky, isLive) : []],
    ['Mirror', mirror ? [mirrorLine(mirror)] : []],
    ['Deadlines', deadlineLines(deadlines)],
  ]
  return parts.flatMap(([title, lines]) => (lines.length === 0 ? [] : [section(title, lines)]))
}

/** What is stored is known to a gateway that runs, and the configuration alone says the rest. */
function cacheSection({ config, cache }: TakenRoute, stored: ForeseenView | undefined): string[] {
  if (cache === undefined) return []
  if (stored !== undefined) return [section('Cache', cacheLines(stored))]
  const { outcome, key } = foreseenView(config.name, cache)
  return [section('Cache', key === undefined ? [outcome] : [...keyLines(key), UNKNOWN])]
}

const UNKNOWN = 'what is stored under it is known to a gateway that runs: --live asks it'

function message({ config, sent, answer, answeredBy, refusal }: TakenRoute): string {
  if (sent !== undefined) {
    const { method, path, query, authority } = sent.request
    const host = sent.preserveHost ? authority.text : "(the endpoint's own)"
    const fields = sentHead(sent, config.name).map(([name, value]) => shownField({ name, value }))
    return section(
      config.handle === undefined ? 'The upstream gets' : 'The code, which is not run here, gets',
      [`${method} ${path}${redactQuery(query)}`, `host: ${host}`, ...fields],
    )
  }
  const fields = [...(answer?.headers ?? [])].map(shownField)
  return section('It is answered without an upstream', [
    `status ${answer?.status}`,
    ...fields,
    `by ${answeredBy}${refusal === undefined ? '' : `: ${refusal}`}`,
  ])
}

/** What a route adds may be a credential; so may what was given with the command. */
function shownField({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}: ${isSecretField(name) ? HIDDEN : redactText(fieldText(value))}`
}

function endpoints({ upstreams }: TakenRoute): string[] {
  return upstreams.map(({ name, zone, circuits, endpoints: list }) =>
    section(
      `Endpoints of ${name}${circuits ? ', each with a circuit breaker' : ''}`,
      endpointLines(list, zone),
    ),
  )
}

function section(title: string, lines: readonly string[]): string {
  return `${inLine(title)}:\n${lines.map((line) => `  ${inLine(line)}\n`).join('')}`
}

function columns(rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : table(rows).trimEnd().split('\n')
}
