import { isIP } from 'node:net'
import { isHostName, NAME_OF_HOST } from '../../settings/values/host.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, refused } from '../../settings/values/parsed.ts'

/** RFC 1035 2.3.4. */
const LONGEST_NAME = 253

/** A name and the port that its addresses serve. */
export const dnsName: Kind<string> = textKind(
  'a name',
  'a name in lower case, with its port, such as orders.internal:9001',
  (written) => {
    if (/^[a-z+]+:\/\//i.test(written)) {
      const meant = written.replace(/^[a-z+]+:\/\//i, '')
      return refused('is a URL', `${didYouMean(meant)} The setting "scheme" says how it is spoken to`)
    }
    const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/s.exec(written) ?? []
    if (isIP(host.replaceAll(/[[\]]/g, '')) !== 0) {
      return refused('is an address, and no name to look up', `write url: "http://${written}"`)
    }
    if (host.length > LONGEST_NAME || !isHostName(host)) return refused('is not a name')
    if (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
      return refused('has no port from 1 to 65535')
    return parsed(written)
  },
  { pattern: `^${NAME_OF_HOST}(?::[0-9]{1,5})?$` },
)

const SERVICE = /^_[a-z0-9-]{1,62}\._[a-z0-9-]{1,62}\.(.+)$/

/** RFC 2782. */
export const serviceName: Kind<string> = textKind(
  'the name of a service',
  'a service, its protocol and its domain in lower case, such as _http._tcp.orders.internal',
  (written) => {
    const [, domain = ''] = SERVICE.exec(written) ?? []
    return written.length <= LONGEST_NAME && isHostName(domain)
      ? parsed(written)
      : refused('is not the name of a service')
  },
  { pattern: `^_[a-z0-9-]{1,62}\\._[a-z0-9-]{1,62}\\.${NAME_OF_HOST}$` },
)

export const nameServer: Kind<string> = textKind(
  'a name server',
  'an IP address, with a port where that is not 53: 10.0.0.2, 127.0.0.1:5353 or [::1]:5353',
  (written) => {
    if (isIP(written) !== 0) return parsed(written)
    const [, six, four = '', port = '53'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(written) ?? []
    const isAddress = six === undefined ? isIP(four) === 4 : isIP(six) === 6
    const isPort = Number(port) >= 1 && Number(port) <= 65535
    return isAddress && isPort ? parsed(written) : refused('is not the address of a name server')
  },
  { pattern: '^(?:[0-9a-fA-F:.]+(?:%.+)?|\\[[0-9a-fA-F:.]+(?:%[^\\]]+)?\\](?::[0-9]{1,5})?)$' },
)
