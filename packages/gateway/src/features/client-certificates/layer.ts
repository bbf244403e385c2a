import type { Policy } from '@headgate/core'
import { oneOf } from '../../settings/schema/setting.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { type ClientCertificate, clientCertificate } from './client-certificate.ts'

const FORMS = ['certificate', 'chain', 'none'] as const

export function forwardClientCertificateSetting() {
  return oneOf(
    FORMS,
    'Tell the upstream the certificate of the client in Client-Cert (RFC 9440), and with chain those behind it in Client-Cert-Chain. What clients send in these fields never passes.',
  )
}

export const forwardClientCertificateLayer: ExchangeRow<{
  readonly route: Route<'forwardClientCertificate', (typeof FORMS)[number]>
}> = {
  name: 'forwardClientCertificate',
  once: 'exchange',
  about: 'tells the upstream the certificate of the client',
  towardsUpstream: true,
  build({ route: { forwardClientCertificate: form } }) {
    return form === undefined || form === 'none' ? undefined : forwardClientCertificate(form === 'chain')
  },
  tells: ({ route }) => route['forwardClientCertificate'],
}

/** After `forwarding`, which removes what the peer says there. */
function forwardClientCertificate(withChain: boolean): Policy {
  return (next) =>
    function forwardClientCertificate(exchange) {
      const certificate = clientCertificate.of(exchange)
      if (certificate !== undefined) {
        const [own, ...others] = fieldsOf(certificate)
        const { headers } = exchange.request
        headers.set('client-cert', own)
        if (withChain && others.length > 0) headers.set('client-cert-chain', others.join(', '))
      }
      return next(exchange)
    }
}

const written = new WeakMap<ClientCertificate, readonly [string, ...string[]]>()

/** Each certificate as a byte sequence (RFC 9651 3.3.5), made once for a connection. The root is left out: whoever trusts it has it. */
function fieldsOf(certificate: ClientCertificate): readonly [string, ...string[]] {
  const known = written.get(certificate)
  if (known !== undefined) return known
  const [own, ...others] = certificate.chain
  const made = [byteSequence(own), ...others.slice(0, -1).map(byteSequence)] as const
  written.set(certificate, made)
  return made
}

function byteSequence(bytes: Buffer): string {
  return `:${bytes.toString('base64')}:`
}
