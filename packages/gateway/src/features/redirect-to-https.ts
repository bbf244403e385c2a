import { fieldValue, HeaderList, HttpResponse, type Policy } from '@headgate/core'
import { once } from '../settings/schema/library.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { integer, offOrOn, value } from '../settings/schema/setting.ts'
import { redirectStatus } from './answers.ts'
import type { ExchangeRow, Route } from './layer.ts'
import { UrlTemplate } from './templates/url-template.ts'

const redirect = section('RedirectToHttpsInput', () => ({
  status: value(redirectStatus, '301, 302, 303, 307 or 308.').prefault(308),
  port: integer('The port on which clients reach the gateway over TLS.', 443, 1, 65_535),
}))

export type RedirectToHttpsConfig = Read<typeof redirect>

/** With the defaults, with some of its own, or none. */
export const redirectToHttpsSetting = once(() => offOrOn(redirect()))

/** Sends clients that came by plain HTTP to the same host and target over TLS, before anything else is done for them. */
function redirectToHttps({ status, port }: RedirectToHttpsConfig): Policy {
  const place = port === 443 ? '' : `:${port}`
  const location = new UrlTemplate(`https://\${request.host}${place}\${request.path}\${request.query}`)
  return (next) =>
    async function redirectToHttps(exchange) {
      if (exchange.clientScheme === 'https') return next(exchange)
      const headers = new HeaderList()
      headers.set('location', fieldValue(location.expand(exchange)))
      return new HttpResponse(status, headers)
    }
}

export const redirectToHttpsLayer: ExchangeRow<{
  readonly route: Route<'redirectToHttps', RedirectToHttpsConfig | false>
}> = {
  name: 'redirectToHttps',
  once: 'exchange',
  about: 'sends clients that came by plain HTTP to the same URL over TLS',
  build: ({ route }) => (route.redirectToHttps ? redirectToHttps(route.redirectToHttps) : undefined),
  tells: ({ route }) => route.redirectToHttps,
}
