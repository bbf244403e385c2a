import { isIP } from 'node:net'
import { HttpRequest, type Peer } from '@headgate/core'
import { type Explanation, explain as explainRequest, type TakenRoute } from '../explain.ts'
import { type CliCommand, CONFIG_OPTION, type CliValues } from './command.ts'
import { fileConfig } from './config-source.ts'
import { EXIT } from './exit-code.ts'
import { targetName } from './route-target.ts'

export const explain: CliCommand = {
  name: 'explain',
  summary: 'tell what would become of a request, and why',
  description:
    'Tells which route takes the request and why no other does, the policies that it meets in their order, the request ' +
    'as the upstream would get it, and where it could be sent. Sends nothing, and does not ask a gateway that runs: ' +
    'limits count from the start.',
  arguments: [
    { name: 'method', about: 'the method of the request, as GET' },
    { name: 'url', about: 'its URL, or its path alone' },
  ],
  options: [
    CONFIG_OPTION,
    {
      flags: '-H, --header <field>',
      about: 'a header field, as "name: value"; may be repeated',
      repeats: true,
    },
    { flags: '--client <address>', about: 'the IP address that it comes from', default: '127.0.0.1' },
  ],
  examples: [
    {
      command: 'headgate explain GET http://shop.example/orders/7',
      about: 'with headgate.yaml of this folder',
    },
    { command: "headgate explain POST /orders -H 'x-canary: true'", about: 'with a header field' },
  ],
  async run(values, terminal) {
    const asked = requestOf(values)
    if (typeof asked === 'string') {
      terminal.err(`headgate: ${asked}\n`)
      return EXIT.usage
    }
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    // Taken down first: the route changes the request.
    const { method, authority, path, query } = asked.request
    const explanation = await explainRequest(chosen.config, asked.request, asked.peer)
    terminal.out(`${method} ${authority.text}${path}${query}\n\n${sections(explanation).join('\n')}`)
    return EXIT.ok
  },
}

/** The request, or what is wrong with it. */
function requestOf(values: CliValues): { request: HttpRequest; peer: Peer } | string {
  const { method = '', url = '', header, client = '' } = values
  if (isIP(client) === 0) return `--client ${JSON.stringify(client)} is not an IP address`
  const headers: Record<string, string> = {}
  for (const line of header?.split('\n') ?? []) {
    const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      return `--header ${JSON.stringify(line)} is not a header field, such as "x-canary: true"`
    const known = headers[name.toLowerCase()]
    headers[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`
  }
  const { host = 'localhost', ...others } = headers
  try {
    const request = HttpRequest.to(url.startsWith('/') ? `http://${host}${url}` : url, {
      method,
      headers: others,
    })
    return { request, peer: { address: client, port: 0, encrypted: request.scheme === 'https' } }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function sections({ found, others, taken }: Explanation): string[] {
  const rest = others.map(({ name, reason }) => [name, reason])
  const not = rest.length === 0 ? [] : [section('Not taken', columns(rest))]
  if (taken === undefined) {
    const answer = found.kind === 'method_not_allowed' ? `405, with Allow: ${found.allow.join(', ')}` : '404'
    return [section('No route takes it', [`the answer is ${answer}`]), ...not]
  }
  return [route(taken, found), ...not, policies(taken), message(taken), ...endpoints(taken)]
}

function route({ config }: TakenRoute, found: Explanation['found']): string {
  const params = found.kind === 'found' ? Object.entries(found.params) : []
  return section(`Route ${config.name}`, [
    `leads to ${targetName(config)}`,
    ...params.map(([name, value]) => `:${name} is ${JSON.stringify(value)}`),
  ])
}

function policies({ policies: list }: TakenRoute): string {
  const rows = list.map(({ name, settings }) => [
    name,
    settings === undefined ? '' : JSON.stringify(settings),
  ])
  return section('Policies, outermost first', columns(rows))
}

function message({ sent, answer }: TakenRoute): string {
  if (sent !== undefined) {
    const { method, path, query, authority, headers } = sent.request
    const host = sent.preserveHost ? authority.text : "(the endpoint's own)"
    const fields = [...headers].map(({ name, value }) => `${name}: ${value}`)
    return section('The upstream gets', [`${method} ${path}${query}`, `host: ${host}`, ...fields])
  }
  const fields = [...(answer?.headers ?? [])].map(({ name, value }) => `${name}: ${value}`)
  return section('It is answered without an upstream', [`status ${answer?.status}`, ...fields])
}

function endpoints({ upstreams }: TakenRoute): string[] {
  return upstreams.map(({ name, endpoints: list }) =>
    section(
      `Endpoints of ${name}`,
      list.map(({ url, weight }) => `${url} (weight ${weight})`),
    ),
  )
}

function section(title: string, lines: readonly string[]): string {
  return `${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([first = '']) => first.length))
  return rows.map(([first = '', second = '']) => `${first.padEnd(width)}  ${second}`.trimEnd())
}
