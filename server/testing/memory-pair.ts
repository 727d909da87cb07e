/** For tests: two ends of a connection in memory. As with a socket, the end of one side is seen by the other. */
import { Duplex } from "node:stream";

class End extends Duplex {
  other: End | undefined;
  #onRead: (() => void) | undefined;

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed) return done(new Error("the other end is gone"));
    if (other.push(chunk)) process.nextTick(done);
    else other.#onRead = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    this.#onRead?.();
    if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
    done(error);
  }
}

export function memoryPair(): [Duplex, Duplex] {
  const near = new End();
  const far = new End();
  near.other = far;
  far.other = near;
  return [near, far];
}
