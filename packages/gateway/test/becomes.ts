import { eventually } from '../../../scripts/testing/eventually.ts'

/**
 * Asks until the answer is the expected one, as long as `eventually` does, and returns the last answer. For what another
 * thread does in its own time: an exchange is counted after its response has been written, which the client may have
 * read by then.
 */
export async function becomes<Value>(ask: () => Value | Promise<Value>, expected: Value): Promise<Value> {
  let answer: Value | undefined
  const isExpected = async (): Promise<boolean> => {
    answer = await ask()
    return answer === expected
  }
  // Who asked compares, and shows both.
  await eventually(isExpected, 'it is as expected').catch(() => {})
  return answer ?? ask()
}
