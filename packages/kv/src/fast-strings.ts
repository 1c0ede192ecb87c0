/**
 * ioredis has a class that extends `String`. V8 then keeps `String.prototype` in the form for objects that are still being set up, in which every method of
 * every string is looked for by its name, in optimized code as well: one part in thirty of a tool call, in the whole process. It goes back to the fast
 * form, for good, where code that is used more than once meets the prototype below String objects of several shapes.
 */
export function keepStringsFast(): void {
  for (let times = 0; times < MEETINGS; times += 1)
    meet(Object.assign(Object(''), { [`shape${times % SHAPES}`]: true }))
}

/** Ten are enough on Node 20 to 24. */
const MEETINGS = 100
const SHAPES = 3

const meet = (text: string): unknown => text.indexOf
