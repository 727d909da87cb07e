/**
 * Minimum cut of a small network (Edmonds and Karp). Of several minimum cuts it is the one nearest to the sink.
 */
export class CutNetwork {
  readonly #head: number[] = [];
  readonly #to: number[] = [];
  readonly #next: number[] = [];
  readonly #room: number[] = [];

  addNode(): number {
    return this.#head.push(-1) - 1;
  }

  addEdge(from: number, to: number, capacity: number): void {
    this.#addArc(from, to, capacity);
    this.#addArc(to, from, 0);
  }

  #addArc(from: number, to: number, room: number): void {
    this.#to.push(to);
    this.#room.push(room);
    this.#next.push(this.#head[from] as number);
    this.#head[from] = this.#to.length - 1;
  }

  /** 1 for each node on the sink's side. */
  cut(source: number, sink: number): Uint8Array {
    const arcTo = new Int32Array(this.#head.length);
    while (this.#findPath(source, sink, arcTo)) {
      let amount = Number.POSITIVE_INFINITY;
      for (let at = sink; at !== source; at = this.#to[(arcTo[at] as number) ^ 1] as number) {
        amount = Math.min(amount, this.#room[arcTo[at] as number] as number);
      }
      for (let at = sink; at !== source; ) {
        const arc = arcTo[at] as number;
        this.#room[arc] = (this.#room[arc] as number) - amount;
        this.#room[arc ^ 1] = (this.#room[arc ^ 1] as number) + amount;
        at = this.#to[arc ^ 1] as number;
      }
    }
    return this.#reachingSink(sink);
  }

  #findPath(source: number, sink: number, arcTo: Int32Array): boolean {
    arcTo.fill(-1);
    const queue = [source];
    for (let head = 0; head < queue.length; head++) {
      const at = queue[head] as number;
      for (let arc = this.#head[at] as number; arc !== -1; arc = this.#next[arc] as number) {
        const to = this.#to[arc] as number;
        if (to === source || arcTo[to] !== -1 || !isRoom(this.#room[arc] as number)) continue;
        arcTo[to] = arc;
        if (to === sink) return true;
        queue.push(to);
      }
    }
    return false;
  }

  #reachingSink(sink: number): Uint8Array {
    const reaches = new Uint8Array(this.#head.length);
    reaches[sink] = 1;
    const queue = [sink];
    for (let head = 0; head < queue.length; head++) {
      const at = queue[head] as number;
      for (let arc = this.#head[at] as number; arc !== -1; arc = this.#next[arc] as number) {
        const from = this.#to[arc] as number;
        if (reaches[from] === 1 || !isRoom(this.#room[arc ^ 1] as number)) continue;
        reaches[from] = 1;
        queue.push(from);
      }
    }
    return reaches;
  }
}

/** Capacities are sums of fractions: what rounding leaves is nothing. */
function isRoom(room: number): boolean {
  return room > 1e-9;
}
