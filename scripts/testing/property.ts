import fc from 'fast-check'

/**
 * What property tests draw their cases from. It is the same for each run, so that a change is judged by what it changed and a
 * failure comes again; other cases are drawn by `HEADGATE_SEED=$RANDOM npm test`.
 */
const seed = Number(process.env['HEADGATE_SEED'] ?? 1)
if (!Number.isInteger(seed)) {
  throw new Error(`HEADGATE_SEED is ${JSON.stringify(process.env['HEADGATE_SEED'])}: it takes a whole number`)
}
fc.configureGlobal({ seed })

export { fc }
