/** What a graph pushes and calls, as words for specs: "e5:7@3" is the reading 7 of stream 0x00e5 in second 3, "!12:8000=4" a call. */
import { GraphCalls, GraphOutput } from "../graph/graph-calls.ts";

export class GraphLog implements GraphCalls, GraphOutput {
  /** What happened since it was taken last. */
  private words: string[] = [];
  /** What calls answer, one more each time. */
  answer: i32 = 0;
  isSilent: bool = false;
  /** A stream whose readings are not told, as the input that a spec gives. */
  private silenced: u32 = 0xffffffff;

  call(address: u32, rpc: u32): bool {
    this.answer++;
    this.words.push(
      "!" + address.toString(16) + ":" + rpc.toString(16) + "=" + (this.isSilent ? "" : this.answer.toString()),
    );
    return !this.isSilent;
  }

  value(): i32 {
    return this.answer;
  }

  pushed(stream: u32, timeS: u32, value: i32): void {
    if (stream == this.silenced) return;
    this.words.push(stream.toString(16) + ":" + value.toString() + "@" + timeS.toString());
  }

  silence(stream: u32): void {
    this.silenced = stream;
  }

  take(): string {
    const told = this.words.join(" ");
    this.words = [];
    return told;
  }
}
