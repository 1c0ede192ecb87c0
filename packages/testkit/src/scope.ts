/** Whatever ends a test: tap's `t`, or anything else with a teardown. Teardowns run last in, first out. */
export interface Scope {
  teardown(release: () => unknown): unknown
}
