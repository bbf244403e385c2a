import type { Http2Limits } from '../h2/connection-options.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'

/** What connections on which requests arrive are made with, of whichever version. */
export interface AcceptOptions extends ServerConnectionOptions {
  readonly http2: Http2Limits
}
