/** What a client sends first, before its SETTINGS (RFC 9113 3.4): no HTTP/1.1 request begins like that. */
export const CLIENT_PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
