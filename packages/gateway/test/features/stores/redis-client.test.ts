import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { RedisServer } from '../../../../../scripts/testing/redis-server.ts'
import { makeCertificate } from '../../../../core/test/certificates.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { connectRedis } from '../../../src/features/stores/redis-client.ts'
import { redisTarget } from '../../../src/features/stores/target.ts'
import { folder } from '../../headgate-process.ts'

/** One who may do what docs/cache.md says, and nobody without a password. */
const USERS = [
  ['--user', 'headgate', 'on', '>p@ss', '~headgate:*', '+@hash', '+@sortedset', '+@stream', '+@keyspace'],
  ['+@scripting', '+@connection', '+time', '-@dangerous', '--user', 'default', 'off'],
].flat()

type Written = Parameters<typeof redisTarget>[0]

function storeOf(written: object): Written {
  const result = parseConfig({ stores: { main: written }, routes: [{ respond: {} }] })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config.stores['main'] ?? assert.fail()
}

function problemsOf(written: object): readonly string[] {
  const result = parseConfig({ stores: { main: written }, routes: [{ respond: {} }] })
  return result.ok ? [] : result.problems.map(({ message }) => message)
}

test('a URL says where a server is, and settings go before it', () => {
  const target = redisTarget(storeOf({ redis: 'rediss://ada:p%40ss@redis.example:7000/3' }))
  assert.deepEqual(target, {
    host: 'redis.example',
    port: 7000,
    tls: true,
    ca: undefined,
    username: 'ada',
    password: 'p@ss',
    database: 3,
  })
  const other = redisTarget(storeOf({ redis: 'redis://[::1]', username: 'bob', password: 'p/@:' }))
  assert.deepEqual(
    [other.host, other.port, other.tls, other.username, other.password, other.database],
    ['::1', 6379, false, 'bob', 'p/@:', 0],
  )
})

test('what is no URL of Redis is refused, and its password not shown', () => {
  for (const redis of [
    'http://a:1',
    'a:6379',
    'redis://',
    'redis://a/b',
    'redis://a?x=1',
    'redis://u:secret-word@',
  ]) {
    const problems = problemsOf({ redis })
    assert.equal(problems.length, 1, redis)
    assert.ok(!problems.join().includes('secret-word'), problems.join())
  }
  assert.equal(problemsOf({ redis: 'redis://a', ca: 'ca.pem' }).length, 1)
})

test('a server is spoken to with TLS, as a user who may do no more than a store needs', async () => {
  const authority = makeCertificate({ names: ['authority.example'] })
  const { cert, key } = makeCertificate({ names: ['localhost', '127.0.0.1'], ca: authority })
  const path = folder({ 'ca.pem': authority.cert, 'cert.pem': cert, 'key.pem': key })
  const files = ['--tls-cert-file', join(path, 'cert.pem'), '--tls-key-file', join(path, 'key.pem')]
  await using server = await RedisServer.start(
    '--port',
    '0',
    '--tls-port',
    'PORT',
    ...files,
    '--tls-auth-clients',
    'no',
    ...USERS,
  )
  const url = server.url.replace('redis:', 'rediss:')
  const target = redisTarget(
    storeOf({ redis: url, username: 'headgate', password: 'p@ss', ca: join(path, 'ca.pem') }),
  )
  const connection = await connectRedis(target, 5_000, () => {})
  assert.deepEqual(await connection.send(['HSET', 'headgate:x', 'a', Buffer.from([0xff])]), 1)
  assert.deepEqual(await connection.send(['HGET', 'headgate:x', 'a']), Buffer.from([0xff]))
  await assert.rejects(connection.send(['HGET', 'other', 'a']), /NOPERM/)
  connection.close()

  await assert.rejects(
    connectRedis({ ...target, ca: undefined }, 5_000, () => {}),
    /certificate|issuer/,
  )
  await assert.rejects(
    connectRedis({ ...target, password: 'wrong' }, 5_000, () => {}),
    /WRONGPASS/,
  )
})

test('who connects learns once that a connection is lost, and is not kept waiting by a server that says nothing', async () => {
  await using server = await RedisServer.start()
  const target = redisTarget(storeOf({ redis: server.url }))
  const reasons: string[] = []
  const lost = Promise.withResolvers<void>()
  await connectRedis(target, 5_000, ({ message }) => {
    reasons.push(message)
    lost.resolve()
  })
  await server.kill()
  await lost.promise
  assert.equal(reasons.length, 1)
  await server.restart()
  server.freeze()
  await assert.rejects(connectRedis(target, 200, () => {}))
})
