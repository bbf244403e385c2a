import { parentPort } from 'node:worker_threads'
import { verifyPassword } from './password-hash.ts'
import type { PasswordAnswer, PasswordQuestion } from './password-threads.ts'

// The thread in which passwords are hashed: to hash one takes as long as a few hundred requests, on purpose.

parentPort?.on('message', async ({ id, password, hash }: PasswordQuestion) => {
  let answer: PasswordAnswer
  try {
    answer = { id, isRight: await verifyPassword(password, hash) }
  } catch {
    answer = { id, isRight: false }
  }
  parentPort?.postMessage(answer)
})
