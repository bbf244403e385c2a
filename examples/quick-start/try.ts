/** What there is to try, as lines for a shell. */
export function thingsToTry(gateway: string, admin: string): string {
  const node = 'node_modules/.bin/node'
  const socket = `const s = new WebSocket("ws${gateway.slice('http'.length)}/socket"); s.onopen = () => s.send("hello"); s.onmessage = (m) => { console.log(m.data); s.close() }`
  return `
A page that says what there is, also for a browser:
  curl ${gateway}/

A JSON API behind the gateway, and what the gateway adds to a request on its way:
  curl ${gateway}/orders
  curl ${gateway}/orders/1002
  curl -H 'content-type: application/json' -d '{"item":"table","quantity":1}' ${gateway}/orders
  curl '${gateway}/echo?a=1'

Server-sent events and WebSockets:
  curl -N ${gateway}/events
  ${node} -e '${socket}'

What no route allows is answered by the gateway itself:
  curl -i -X DELETE ${gateway}/orders/1002

For operators:
  curl ${admin}/readyz
  curl ${admin}/config
  curl -s ${admin}/metrics | grep headgate_
`
}
