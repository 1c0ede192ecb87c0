import { Server } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'

/** More would be a stream of connections that never ends. */
const MOST_LOOKS = 1_000

/**
 * Closing a port resets whoever has connected and was not accepted yet: a call that was sent meanwhile would fail, and a balancer does not know whether it may
 * repeat it. So all of these are taken first, and the port is closed in the moment in which there is nobody.
 */
export class PatientServer extends Server {
  override close(callback?: (error?: Error) => void): this {
    void this.#untilNobodyWaits().then(() => super.close(callback))
    return this
  }

  async #untilNobodyWaits(): Promise<void> {
    let came = true
    const comes = () => {
      came = true
    }
    this.on('connection', comes)
    for (let looks = 0; came && looks < MOST_LOOKS; looks += 1) {
      came = false
      // The first may end before the system is asked who connected, the second never does.
      await turn()
      await turn()
    }
    this.off('connection', comes)
  }
}
