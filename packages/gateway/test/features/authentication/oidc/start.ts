import type { TestContext } from 'node:test'
import type { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfigInput } from '../../../../src/config/input/input.ts'
import { startService } from '../../../survival/origins.ts'
import { type StartedGateway, startGateway } from '../../../survival/start-gateway.ts'
import type { Answer } from '../../../survival/http-client.ts'
import { Browser, locationOf } from './browser.ts'
import { ScriptedProvider } from './scripted-provider.ts'

type Oidc = NonNullable<NonNullable<GatewayConfigInput['authenticators']>[string]['oidc']>

export const KEY = 'a key of more than thirty-two bytes'

export interface Started {
  readonly provider: ScriptedProvider
  readonly gateway: StartedGateway
  /** One that nobody has logged in with. */
  readonly newBrowser: (fields?: Record<string, string>) => Browser
  /** Logs in, and is back. */
  readonly logIn: (browser: Browser, place?: string) => Promise<Answer>
}

/** A gateway whose upstream tells what it has got, behind a login at a provider that a test scripts. */
export async function start(
  t: TestContext,
  oidc: Partial<Oidc> = {},
  more: Partial<GatewayConfigInput> = {},
  clock?: VirtualClock,
): Promise<Started> {
  const provider = await ScriptedProvider.start(t)
  if (clock !== undefined) provider.now = () => clock.wallTime()
  const { url: upstream } = await startService(t, (request, response) => {
    response.end(JSON.stringify({ ...request.headers, url: request.url }))
  })
  const requestHeaders = {
    set: {
      'x-caller': '${identity.subject}',
      'x-groups': '${identity.groups}',
      'x-scopes': '${identity.scopes}',
      'x-token': '${identity.accessToken}',
    },
  }
  const web = {
    oidc: { issuer: provider.url, clientId: 'gateway', clientSecret: 'secret', keys: KEY, ...oidc },
  }
  const gateway = await startGateway(
    t,
    {
      trustedProxies: ['127.0.0.1'],
      failedAuthentication: { perClient: '1000/s' },
      authenticators: { web },
      routes: [{ name: 'it', authentication: 'web', requestHeaders, upstream }],
      ...more,
    },
    clock && { clock },
  )
  const newBrowser = (fields?: Record<string, string>): Browser => new Browser(gateway.url, fields)
  return {
    provider,
    gateway,
    newBrowser,
    async logIn(browser, place = '/') {
      const sent = await browser.visit(place)
      return browser.visit(provider.authorize(locationOf(sent)))
    },
  }
}
