import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json, operation } from '../../src/admin-api/operation.ts'
import { type Described, list, members, oneOf, TEXT, textOr, WHOLE } from '../../src/admin-api/schema.ts'
import { questionNamed, SURVEYS } from '../../src/surveys/surveys.ts'

describe('surveys', () => {
  it('state questions that a worker finds by their names: no two have the same', () => {
    const questions = SURVEYS.flatMap((survey) => survey.questions)
    assert.ok(questions.length > 0)
    for (const each of questions) assert.equal(questionNamed(each.name), each, each.name)
  })

  it('know nothing of a question that nobody states', () => {
    assert.throws(() => questionNamed('weather'), /nobody states the question "weather"/)
  })
})

describe('what an operation answers', () => {
  const ANSWER = members({
    name: TEXT,
    'limit?': textOr('adaptive', WHOLE),
    marks: list(oneOf('up', 'down')),
  })

  it('is JSON Schema', () => {
    assert.deepEqual(ANSWER, {
      type: 'object',
      properties: {
        name: { type: 'string' },
        limit: { oneOf: [{ const: 'adaptive' }, { type: 'integer' }] },
        marks: { type: 'array', items: { enum: ['up', 'down'] } },
      },
      required: ['name', 'marks'],
      additionalProperties: false,
    })
  })

  it('is a type, too: an answer of another kind does not compile', () => {
    const stated = { method: 'GET', path: '/', about: '', id: 'get', result: ANSWER, answers: {} } as const
    const right: Described<typeof ANSWER> = { name: 'a', limit: 3, marks: ['up'] }
    assert.ok(operation({ ...stated, handle: () => json(right) }))
    // @ts-expect-error "marks" is missing.
    assert.ok(operation({ ...stated, handle: () => json({ name: 'a' }) }))
    // @ts-expect-error "limit" is a number, or "adaptive".
    assert.ok(operation({ ...stated, handle: () => json({ ...right, limit: 'none' }) }))
    // @ts-expect-error There is no such mark.
    const wrong: Described<typeof ANSWER> = { name: 'a', marks: ['left'] }
    assert.ok(wrong)
  })
})
