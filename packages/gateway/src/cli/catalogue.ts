import type { CliEntry } from './command.ts'

/** All commands, in the order of the help. */
export const COMMANDS: readonly CliEntry[] = [
  {
    name: 'run',
    summary: 'run the gateway',
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    name: 'check',
    summary: 'check a configuration, and name every mistake in it',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'explain',
    summary: 'tell what would become of a request, and why',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    name: 'keys',
    summary: 'make, list and revoke API keys',
    load: async () => (await import('./commands/keys.ts')).keys,
  },
  {
    name: 'routes',
    summary: 'print the route table, in the order in which routes are tried',
    load: async () => (await import('./commands/routes.ts')).routes,
  },
  {
    name: 'replay',
    summary: 'tell which recorded requests a configuration would treat differently',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'reload',
    summary: 'have a running gateway read its configuration again',
    load: async () => (await import('./commands/reload.ts')).reload,
  },
  {
    name: 'status',
    summary: 'show how a running gateway is',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'upstreams',
    summary: 'show the upstreams of a running gateway and their endpoints',
    load: async () => (await import('./commands/upstreams.ts')).upstreams,
  },
  {
    name: 'endpoint',
    summary: 'take an endpoint out of service, put it back, weigh it, add or remove one',
    load: async () => (await import('./commands/endpoint.ts')).endpoint,
  },
  {
    name: 'checks',
    summary: 'pause health checks, go on with them, or check now',
    load: async () => (await import('./commands/upstreams.ts')).checks,
  },
  {
    name: 'breakers',
    summary: 'show the circuit breakers of a running gateway, close or open one',
    load: async () => (await import('./commands/breakers.ts')).breakers,
  },
  {
    name: 'limits',
    summary: 'show the rate limits and concurrency limits of a running gateway, or reset one',
    load: async () => (await import('./commands/limits.ts')).limits,
  },
  {
    name: 'cache',
    summary: 'show what the cache of a running gateway holds, purge or warm it',
    load: async () => (await import('./commands/cache.ts')).cache,
  },
  {
    name: 'certs',
    summary: 'list the certificates of a running gateway, and how long they are good',
    load: async () => (await import('./commands/certs.ts')).certs,
  },
  {
    name: 'split',
    summary: 'show how a route of a running gateway splits traffic, or change it',
    load: async () => (await import('./commands/split.ts')).split,
  },
  {
    name: 'switch',
    summary: 'send all traffic of a split to one of its upstreams',
    load: async () => (await import('./commands/split.ts')).switchTo,
  },
  {
    name: 'top',
    summary: 'watch the traffic of a running gateway',
    load: async () => (await import('./commands/top.ts')).top,
  },
  {
    name: 'versions',
    summary: 'list the configurations that a running gateway has applied',
    load: async () => (await import('./commands/versions.ts')).versions,
  },
  {
    name: 'diff',
    summary: 'show where two versions of the configuration differ',
    load: async () => (await import('./commands/versions.ts')).diff,
  },
  {
    name: 'rollback',
    summary: 'put an earlier configuration in force again',
    load: async () => (await import('./commands/versions.ts')).rollback,
  },
  {
    name: 'init',
    summary: 'write a configuration to start from',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of configurations',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  {
    name: 'completion',
    summary: 'print a script with which a shell completes commands and options',
    load: async () => (await import('./commands/completion.ts')).completionOf(COMMANDS),
  },
  {
    name: 'version',
    summary: 'print the versions of Headgate, Node and OpenSSL',
    load: async () => (await import('./commands/version.ts')).version,
  },
]
