import { MAX_WEIGHT } from '@headgate/core'
import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS, type AdminClient } from '../admin-client.ts'
import type { ChangedEndpoint, SetEndpoint } from '../../admin/endpoints.ts'
import { ask } from '../ask.ts'
import { type CliCommand, type CliValues, EXIT, printFound } from '../command.ts'

export const endpoint: CliCommand = {
  description:
    'Has a running gateway mark an endpoint, or give it another weight, in all workers at once. "draining" and "down" both ' +
    'send no new request there, and let those finish that are under way; they differ in what "headgate upstreams" shows. ' +
    '--add adds one, by its URL, --remove takes one out. All of it lasts until the gateway ends, or until its upstream is ' +
    'changed in the configuration.',
  arguments: [
    { name: 'upstream', about: 'its name, as "headgate upstreams" lists it' },
    { name: 'endpoint', about: 'its host and port, as listed there; with --add its URL' },
  ],
  options: [
    { flags: '--mark <mark>', about: 'up, draining or down', choices: ['up', 'draining', 'down'] },
    {
      flags: '--weight <n>',
      about: `its share of the requests, beside those of the others: 0 to ${MAX_WEIGHT}`,
    },
    { flags: '--add', about: 'add it; --weight may say with which weight' },
    { flags: '--remove', about: 'take it out; what it is at finishes' },
    ...ADMIN_OPTIONS,
  ],
  examples: [
    { command: 'headgate endpoint orders 10.0.0.7:8080 --mark draining', about: 'before it is restarted' },
    {
      command: 'headgate endpoint orders 10.0.0.7:8080 --mark up --weight 1',
      about: 'back, with a small share',
    },
    { command: 'headgate endpoint orders http://10.0.0.9:8080 --add', about: 'one more' },
  ],
  run({ upstream = '', endpoint = '', ...values }, terminal) {
    const misuse = misuseOf(values, endpoint)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return Promise.resolve(EXIT.usage)
    }
    return ask(values, terminal, async (client) => {
      const { answer, said } = await change(client, upstream, endpoint, values)
      printFound(values, terminal, answer, () => `${inLine(said)}\n`)
    })
  },
}

/** What came of it. */
async function change(
  client: AdminClient,
  upstream: string,
  endpoint: string,
  { mark, weight: written, add, remove }: CliValues,
): Promise<{ readonly answer: unknown; readonly said: string }> {
  const all = `/upstreams/${encodeURIComponent(upstream)}/endpoints`
  const one = `${all}/${encodeURIComponent(endpoint)}`
  const weight = written === undefined ? {} : { weight: Number(written) }
  if (remove !== undefined) {
    await client.call('DELETE', one)
    return { answer: { endpoint, removed: true }, said: `${endpoint} is out of ${upstream}` }
  }
  if (add !== undefined) {
    const added = (await client.call('POST', all, { url: endpoint, ...weight })) as SetEndpoint
    return { answer: added, said: `${added.endpoint} is in ${upstream}, with weight ${added.weight}` }
  }
  const changed = (await client.call('PATCH', one, { mark, ...weight })) as ChangedEndpoint
  const said = `${endpoint} of ${upstream} is ${changed.status}, with weight ${changed.weight}`
  return { answer: changed, said }
}

/** What is wrong with the options. */
function misuseOf({ mark, weight, add, remove }: CliValues, endpoint: string): string | undefined {
  if (weight !== undefined && !(/^\d{1,4}$/.test(weight) && Number(weight) <= MAX_WEIGHT))
    return `--weight ${JSON.stringify(weight)} is no weight: give a whole number from 0 to ${MAX_WEIGHT}`
  if (add !== undefined && !/^(?:https?|unix|https\+unix):/.test(endpoint))
    return `--add takes a URL, as http://${endpoint}`
  if ((add ?? mark ?? weight) === undefined && remove === undefined)
    return 'say what to change: --mark down, --weight 3, --add or --remove'
  if (add !== undefined && (mark ?? remove) !== undefined) return '--add goes with --weight alone'
  return remove !== undefined && (mark ?? weight) !== undefined
    ? '--remove goes without the others'
    : undefined
}
