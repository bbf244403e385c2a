import { test } from 'node:test'
import { HeaderList } from '@headgate/core'
import { assertLinear } from '../../../core/test/linear-work.ts'
import { someCookie, someQueryValue } from '../../src/routing/conditions.ts'

const never = (): boolean => false

test('the work for a condition on a cookie grows with what a client sends, not with its square', () =>
  assertLinear('a cookie', (text) => {
    const headers = new HeaderList()
    headers.add('cookie', text)
    someCookie(headers, 'a', never)
  }))

test('the work for a condition on the query grows with what a client sends, not with its square', () =>
  assertLinear('a query', (text) => someQueryValue(`?${text}`, 'a', never)))
