import { fixture, NOTHING } from '../fixture.ts'

/** Tools that a client has to ask for more to call: not of the suite, whose tokens have what it gets by default. */
export const scopeTools = [
  fixture({
    name: 'test_step_up',
    description: 'Needs a scope that is not granted by default.',
    scopes: ['conformance:more'],
    input: NOTHING,
    run: async () => 'You have more than the default.',
  }),
]
