import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findConfig } from '../../settings/read/read-text.ts'
import { type CliCommand, EXIT } from '../command.ts'

/** What `headgate init` writes: the same configuration in each format. */

const YAML = `# yaml-language-server: $schema=headgate.schema.json
# Editors complete and check this file once \`headgate schema > headgate.schema.json\` has been run.
# Durations (30s), sizes (64KiB) and rates (240B/s) are written with their unit. Try: headgate check

# Where clients connect. ":8080" instead listens on every address of the machine.
listeners:
  - address: 127.0.0.1:8080
    # tls: { cert: fullchain.pem, key: privkey.pem }

# /healthz, /readyz, /metrics and /config for operators. Keep it away from the public.
admin:
  address: 127.0.0.1:9901

# Named groups of endpoints, among which requests are spread by weight.
upstreams:
  app:
    endpoints:
      - url: http://127.0.0.1:3000
      # - { url: http://127.0.0.1:3001, weight: 3 }

# Which requests go where. The most specific match wins, whatever the order: see "headgate routes".
routes:
  - name: app
    match: { path: /** }
    upstream: app
    timeout: 30s

  # - name: api
  #   match: { host: api.example.com, path: /v1/**, methods: [GET, POST] }
  #   upstream: http://127.0.0.1:4000
`

const TOML = `# Durations (30s), sizes (64KiB) and rates (240B/s) are written with their unit. Try: headgate check

# Where clients connect. ":8080" instead listens on every address of the machine.
[[listeners]]
address = "127.0.0.1:8080"
# tls = { cert = "fullchain.pem", key = "privkey.pem" }

# /healthz, /readyz, /metrics and /config for operators. Keep it away from the public.
[admin]
address = "127.0.0.1:9901"

# Named groups of endpoints, among which requests are spread by weight.
[[upstreams.app.endpoints]]
url = "http://127.0.0.1:3000"

# [[upstreams.app.endpoints]]
# url = "http://127.0.0.1:3001"
# weight = 3

# Which requests go where. The most specific match wins, whatever the order: see "headgate routes".
[[routes]]
name = "app"
match = { path = "/**" }
upstream = "app"
timeout = "30s"

# [[routes]]
# name = "api"
# match = { host = "api.example.com", path = "/v1/**", methods = ["GET", "POST"] }
# upstream = "http://127.0.0.1:4000"
`

const JSON_TEXT = `{
  "$schema": "./headgate.schema.json",
  "listeners": [{ "address": "127.0.0.1:8080" }],
  "admin": { "address": "127.0.0.1:9901" },
  "upstreams": {
    "app": { "endpoints": [{ "url": "http://127.0.0.1:3000" }] }
  },
  "routes": [{ "name": "app", "match": { "path": "/**" }, "upstream": "app", "timeout": "30s" }]
}
`

const TS = `import { defineConfig } from 'headgate'

// Durations (30s), sizes (64KiB) and rates (240B/s) are written with their unit. Try: headgate check
export default defineConfig({
  // Where clients connect. ':8080' instead listens on every address of the machine.
  listeners: [
    {
      address: '127.0.0.1:8080',
      // tls: { cert: 'fullchain.pem', key: 'privkey.pem' },
    },
  ],

  // /healthz, /readyz, /metrics and /config for operators. Keep it away from the public.
  admin: { address: '127.0.0.1:9901' },

  // Named groups of endpoints, among which requests are spread by weight.
  upstreams: {
    app: {
      endpoints: [
        { url: 'http://127.0.0.1:3000' },
        // { url: 'http://127.0.0.1:3001', weight: 3 },
      ],
    },
  },

  // Which requests go where. The most specific match wins, whatever the order: see "headgate routes".
  routes: [
    { name: 'app', match: { path: '/**' }, upstream: 'app', timeout: '30s' },
    // {
    //   name: 'api',
    //   match: { host: 'api.example.com', path: '/v1/**', methods: ['GET', 'POST'] },
    //   upstream: 'http://127.0.0.1:4000',
    // },
  ],
})
`

export type TemplateFormat = 'yaml' | 'toml' | 'json' | 'ts'

export interface Template {
  /** The name under which "headgate run" finds it. */
  readonly file: string
  readonly text: string
}

const TEMPLATES: Readonly<Record<TemplateFormat, Template>> = {
  yaml: { file: 'headgate.yaml', text: YAML },
  toml: { file: 'headgate.toml', text: TOML },
  json: { file: 'headgate.json', text: JSON_TEXT },
  ts: { file: 'headgate.config.ts', text: TS },
}

function isTemplateFormat(format: string): format is TemplateFormat {
  return Object.hasOwn(TEMPLATES, format)
}

export const init: CliCommand = {
  description:
    'Writes a small configuration with comments into this folder. A file that is there already is never overwritten.',
  options: [
    {
      flags: '--format <format>',
      about: 'what to write it in; all formats say the same',
      choices: Object.keys(TEMPLATES),
      default: 'yaml',
    },
  ],
  examples: [
    { command: 'headgate init', about: 'writes headgate.yaml' },
    {
      command: 'headgate init --format ts',
      about: 'writes headgate.config.ts, which editors check by its types',
    },
  ],
  async run({ format = 'yaml' }, terminal) {
    if (!isTemplateFormat(format)) throw new TypeError(`${format} is not a format`)
    const { file, text } = TEMPLATES[format]
    try {
      await writeFile(join(process.cwd(), file), text, { flag: 'wx' })
    } catch (error) {
      terminal.err(`headgate: ${file} was not written: ${reasonOf(error)}\n`)
      return EXIT.failed
    }
    const found = basename((await findConfig(process.cwd()))?.file ?? file)
    const option = found === file ? '' : ` -c ${file}`
    terminal.out(`wrote ${file}. Point its upstream at your service, then:\n\n`)
    terminal.out(`  headgate check${option}\n  headgate run${option}\n`)
    if (found !== file) terminal.out(`\nWithout -c, ${found} is taken.\n`)
    return EXIT.ok
  },
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EEXIST') return 'there is one already'
  return code === 'EACCES' ? 'this user may not write here' : String(error)
}
