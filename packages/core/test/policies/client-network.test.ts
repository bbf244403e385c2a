import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientNetwork } from '../../src/policies/rate-limit/client-network.ts'

for (const [address, network] of [
  ['192.0.2.7', '192.0.2.7'],
  ['', ''],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002:0::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ['1::4:5:6:7:8', '1:0:0:4::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
] as const) {
  test(`a client of ${address || 'no address'} is told apart as ${network || 'nobody'}`, () => {
    assert.equal(clientNetwork(address), network)
  })
}
