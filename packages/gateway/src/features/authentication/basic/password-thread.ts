import { parentPort } from 'node:worker_threads'
import { verifyPassword } from './password-hash.ts'
import type { PasswordAnswer, PasswordQuestion } from './password-threads.ts'

// The thread in which passwords are hashed: to hash one takes as long as a few hundred requests, on purpose.

parentPort?.on('message', ({ id, password, hash }: PasswordQuestion) => {
  const answer = (isRight: boolean): void => parentPort?.postMessage({ id, isRight } satisfies PasswordAnswer)
  verifyPassword(password, hash).then(answer, () => answer(false))
})
