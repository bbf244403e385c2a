// npm run places -- fallback: every place in the sources that names a feature, so that what it takes to add one can be seen and kept few.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Place {
  readonly file: string
  readonly lines: readonly number[]
}

/** The lines of a file that name the feature, however it is cased or joined: `loadShedding`, `LoadShedding`, `load-shedding`. */
function linesNaming(feature: RegExp, file: string): number[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (feature.test(line) ? [index + 1] : []))
}

function placesOf(name: string): Place[] {
  const words = name.split(/[-_ ]|(?<=[a-z])(?=[A-Z])/)
  const feature = new RegExp(words.join('[-_ ]?'), 'i')
  const packages = readdirSync(join(root, 'packages')).map((each) => join(root, 'packages', each, 'src'))
  const files = packages.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  )
  return files
    .sort()
    .map((file) => ({ file: relative(root, file), lines: linesNaming(feature, file) }))
    .filter(({ lines }) => lines.length > 0)
}

const [name] = process.argv.slice(2)
if (name === undefined || !/^[\w-]+$/.test(name)) {
  process.stderr.write(
    'headgate: name one feature, in letters, digits, "-" and "_": npm run places -- fallback\n',
  )
  process.exitCode = 2
} else {
  const places = placesOf(name)
  for (const { file, lines } of places) process.stdout.write(`${file}: ${lines.join(', ')}\n`)
  const total = places.reduce((sum, { lines }) => sum + lines.length, 0)
  process.stdout.write(`${total} lines in ${places.length} files name ${name}\n`)
}
