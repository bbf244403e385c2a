import { readJson } from '../../graphql/strict-json.ts'
import { isFields } from '../../../settings/problems/fields.ts'
import type { ProviderClient } from '../provider-client.ts'
import type { IntrospectionConfig } from './setting.ts'

/** What a server says of a token (RFC 7662 2.2); of one that is not active, nothing else. */
export type TokenFacts =
  | { readonly active: false }
  | (Readonly<Record<string, unknown>> & { readonly active: true })

/** Asks for a token. Rejects where there is no answer to go by; messages hold nothing of what was sent or came. */
export type AskForToken = (token: string) => Promise<TokenFacts>

export function serverOf(
  config: Pick<IntrospectionConfig, 'endpoint' | 'clientId' | 'clientSecret' | 'clientAuthentication'>,
  client: Pick<ProviderClient, 'get'>,
): AskForToken {
  const { endpoint, clientId, clientSecret, clientAuthentication } = config
  const isPost = clientAuthentication === 'post'
  const headers = {
    accept: 'application/json',
    ...(!isPost && { authorization: basicCredentials(clientId, clientSecret) }),
  }
  return async (token) => {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' })
    if (isPost) {
      body.set('client_id', clientId)
      body.set('client_secret', clientSecret)
    }
    const response = await (await client.get()).post(endpoint, { headers, body })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`it answers with status ${response.status}`)
    return factsIn(text)
  }
}

/** Whether a token is good is for `true` alone to say: not for "true", 1, or a name that stands there twice. */
function factsIn(text: string): TokenFacts {
  let read: unknown
  try {
    read = readJson(text, 'the answer')
  } catch {
    throw new Error('its answer is no JSON that can be read in one way only')
  }
  if (!isFields(read) || read['active'] === undefined) throw new Error('its answer says nothing of the token')
  return read['active'] === true ? { ...read, active: true } : { active: false }
}

/** Id and secret are written as in a form first (RFC 6749 2.3.1). */
function basicCredentials(id: string, secret: string): string {
  const [user, password] = [id, secret].map((each) => new URLSearchParams([['', each]]).toString().slice(1))
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
