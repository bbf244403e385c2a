import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { COMMANDS } from '../../src/cli/catalogue.ts'
import { completionScript, SHELLS } from '../../src/cli/commands/completion.ts'

/** What bash offers after these words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = await completionScript('bash', COMMANDS)
  const list = words.map((word) => `'${word}'`).join(' ')
  const ask = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _headgate; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n')
}

it('completions have every command and every option', async () => {
  for (const shell of SHELLS) {
    const script = await completionScript(shell, COMMANDS)
    for (const { name, load } of COMMANDS) {
      assert.ok(script.includes(name), `${shell}: ${name}`)
      for (const { flags } of (await load()).options) {
        const [, long = ''] = /--([\w-]+)/.exec(flags) ?? []
        assert.ok(script.includes(long), `${shell}: ${name} --${long}`)
      }
    }
    const [program = '', ...check] = shell === 'fish' ? ['fish', '--no-execute'] : [shell, '-n']
    const checked = spawnSync(program, check, { input: script, encoding: 'utf8' })
    // Where the shell is not installed, nobody can say.
    if (checked.error === undefined) assert.equal(checked.status, 0, checked.stderr)
  }
})

it('bash completes commands, options, and values that are a choice', async () => {
  assert.deepEqual(await offered('headgate', 'rel'), ['reload'])
  assert.deepEqual(await offered('headgate', 'reload', '--dr'), ['--dry-run'])
  assert.deepEqual(await offered('headgate', 'init', '--format', 't'), ['toml', 'ts'])
  assert.deepEqual(await offered('headgate', 'completion', ''), ['bash', 'zsh', 'fish'])
  assert.deepEqual(await offered('headgate', 'help', 'expl'), ['explain'])
})
