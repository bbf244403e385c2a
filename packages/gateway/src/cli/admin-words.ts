/** What the admin API tells its callers to call, and the command that does it. */
const COMMANDS: readonly (readonly [call: RegExp, command: string])[] = [
  [/GET \/upstreams\b(?:\/\{upstream\})?/g, '"headgate upstreams"'],
  [/GET \/versions\b/g, '"headgate versions"'],
  [/GET \/rate-limits\b/g, '"headgate limits"'],
  [/GET \/breakers\b/g, '"headgate breakers"'],
  [/GET \/concurrency\b/g, '"headgate limits"'],
  [/GET \/routes\b/g, '"headgate routes"'],
  [/GET \/status\b/g, '"headgate status"'],
  [/POST \/reload\b/g, '"headgate reload"'],
  [/POST \/health-checks\/resume\b/g, '"headgate checks resume" goes on with them'],
]

/** The same for whoever typed a command. */
export function inCommands(detail: string): string {
  return COMMANDS.reduce((text, [call, command]) => text.replaceAll(call, command), detail)
}
