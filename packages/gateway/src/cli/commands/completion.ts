import { COMMANDS } from '../catalogue.ts'
import type { CliCommand } from '../command.ts'
import { completionScript, SHELLS } from '../completion.ts'
import { EXIT } from '../exit-code.ts'

export const completion: CliCommand = {
  description:
    'Prints a script for bash, zsh or fish, with which the shell completes the commands of headgate and their options.',
  arguments: [{ name: 'shell', about: 'bash, zsh or fish' }],
  options: [],
  examples: [
    { command: 'eval "$(headgate completion bash)"', about: 'in ~/.bashrc; with zsh in ~/.zshrc' },
    {
      command: 'headgate completion fish > ~/.config/fish/completions/headgate.fish',
      about: 'once',
    },
  ],
  async run({ shell: written = '' }, terminal) {
    const shell = SHELLS.find((each) => each === written)
    if (shell === undefined) {
      terminal.err(
        `headgate: there is no completion for ${JSON.stringify(written)}: say ${SHELLS.join(', ')}\n`,
      )
      return EXIT.usage
    }
    terminal.out(await completionScript(shell, COMMANDS))
    return EXIT.ok
  },
}
