import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STACK } from '../../src/stack.ts'

// A change of this list is a change of what the gateway does: think of what stands outside and inside of the place.
test('the policies of the gateway stand in this order, outermost first', () => {
  const names = STACK.map((row) => `${row.once} ${'place' in row ? `(${row.place})` : row.name}`)
  assert.deepEqual(names, [
    'exchange observe',
    'exchange accessLog.headers',
    'exchange requestId',
    'exchange responseHeaders',
    'exchange hsts',
    'exchange securityHeaders',
    'exchange responseCookies',
    'exchange cors',
    'exchange grpc.web',
    'exchange grpc',
    'exchange apiVersions',
    'exchange lifecycle',
    'exchange problem',
    'exchange graphqlErrors',
    'exchange (before-limits)',
    'exchange redirectToHttps',
    'exchange importance',
    'exchange timeouts',
    'exchange loadShedding',
    'exchange limits.body',
    'exchange grpc.limits',
    'exchange forwarding',
    'exchange csrf',
    'exchange callerFields',
    'exchange authentication',
    'exchange graphql',
    'exchange consumers',
    'exchange rateLimit',
    'exchange graphql',
    'exchange authorization',
    'exchange validate',
    'exchange webSocket',
    'exchange (before-changes)',
    'exchange requestHeaders',
    'exchange forwardClientCertificate',
    'exchange keepAsked',
    'exchange apiVersions.stripPath',
    'exchange rewrite',
    'exchange tellPrefix',
    'exchange preserveHost',
    'exchange mirror',
    'exchange fallback',
    'exchange timeout',
    'exchange cache',
    'exchange compress',
    'exchange events',
    'exchange concurrency',
    'exchange (before-upstream)',
    'exchange target',
    'attempt rewrite.restorePrefix',
    'attempt retry',
    'attempt hedge',
    'attempt breaker',
    'attempt concurrency',
    'attempt timeouts.attempt',
    'attempt deadlines',
    'attempt timeout',
    'attempt (each-attempt)',
    'attempt sticky',
    'attempt balance',
    'attempt breaker',
    'attempt outliers',
    'attempt endpoint',
  ])
})

test('what stands once an exchange stands outside of what stands once an attempt', () => {
  const first = STACK.findIndex(({ once }) => once === 'attempt')
  assert.ok(STACK.slice(first).every(({ once }) => once === 'attempt'))
})
