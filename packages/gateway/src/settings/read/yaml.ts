import { type FileContent, lineIndex, locator } from './positions.ts'
import { yamlMistakes } from './yaml-mistakes.ts'
import { yamlTree } from './yaml-tree.ts'
import { YamlValues } from './yaml-values.ts'

/**
 * Reads YAML 1.2, with anchors and merge keys. Keys are taken as they are written: `1.10` is no number there. Repeated keys,
 * unknown tags and anchors that hold themselves are problems.
 */
export function readYaml(text: string): FileContent {
  const position = lineIndex(text)
  const tree = yamlTree(text)
  if (tree.beyond !== undefined) {
    const { message, offset } = tree.beyond
    return { problems: [{ message, ...position(offset) }] }
  }
  const mistakes = yamlMistakes(text, tree, position)
  const [document] = tree.documents
  if (mistakes.length > 0 || document === undefined) return { problems: mistakes }
  const values = new YamlValues(document, position)
  const { value, node } = values.read()
  return { problems: values.problems, value: { input: value, locate: locator(node) } }
}
