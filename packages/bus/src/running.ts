export interface Stoppable {
  stop(): Promise<void>
}

/** The readers that a bus has started and that nobody has stopped yet. */
export interface Running {
  /** @returns the same reader, which leaves when it has stopped */
  add<R extends Stoppable>(reader: R): R
  stopAll(): Promise<void>
}

export function createRunning(): Running {
  const readers = new Set<Stoppable>()
  return {
    add(reader) {
      readers.add(reader)
      const stop = reader.stop
      reader.stop = async () => {
        await stop()
        readers.delete(reader)
      }
      return reader
    },
    async stopAll() {
      await Promise.all([...readers].map((reader) => reader.stop()))
    },
  }
}
