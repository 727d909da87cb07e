/**
 * When the streamers of a graph send. A streamer has data as soon as a reading has gone into a stream that it selects and
 * was not sent yet. An automatic one is ready then; a manual one when it was marked by then; one that goes along with
 * another when that one is. A mark holds until the next look, whether there was data or not.
 */

import {
  GRAPH_ALL_IDS,
  GRAPH_NO_STREAMER,
  GRAPH_SELECT_MORE,
  GRAPH_STREAMER_BYTES,
  GRAPH_STREAMER_FLAGS,
  GRAPH_STREAMER_WITH,
  GRAPH_SYSTEM_BIT,
  GRAPH_TYPE_SHIFT,
  GraphStreamerFlag,
} from "../../contract/graph-format.ts";
import { GRAPH_STREAMERS_MAX } from "../../contract/graph-limits.ts";
import { streamerCount, streamersAt } from "./graph-form.ts";

/** Of the streams of the system: that of restarts, a gap in all others. Selectors "with breaks" take it as well. */
const BREAK_ID: u32 = 1024;

/** Whether a streamer's selector takes a stream. */
export function selects(selector: u32, stream: u32): bool {
  const hasMore = (selector & GRAPH_SELECT_MORE) != 0;
  selector &= ~GRAPH_SELECT_MORE;
  if ((selector & GRAPH_ALL_IDS) != GRAPH_ALL_IDS) return selector == stream;
  const difference = selector ^ stream;
  if (difference >> GRAPH_TYPE_SHIFT != 0) return false;
  if (!(difference & GRAPH_SYSTEM_BIT)) return true;
  // With "more" a selector of the system takes everything, one of users the break stream.
  return hasMore && (!(stream & GRAPH_SYSTEM_BIT) || (stream & GRAPH_ALL_IDS) == BREAK_ID);
}

export class GraphStreamers {
  private graph: usize = 0;
  private count: i32 = 0;
  /** Bit n: streamer n was marked. */
  private marks: u32 = 0;
  private readonly waiting: StaticArray<u32> = new StaticArray<u32>(GRAPH_STREAMERS_MAX);

  /** A graph that was checked; 0 = none. */
  begin(graph: usize): void {
    this.graph = graph;
    this.count = graph == 0 ? 0 : streamerCount(graph);
    this.marks = 0;
    memory.fill(changetype<usize>(this.waiting), 0, 4 * GRAPH_STREAMERS_MAX);
  }

  /** Counts a reading for the streamers that select its stream; these, as bits. */
  pushed(stream: u32): u32 {
    let takers: u32 = 0;
    for (let i = 0; i < this.count; i++) {
      if (!selects(load<u16>(this.at(i)), stream)) continue;
      takers |= 1 << i;
      unchecked(this.waiting[i]++);
    }
    return takers;
  }

  /** False: there is no such streamer. */
  mark(streamer: u32): bool {
    if (streamer >= <u32>this.count) return false;
    this.marks |= 1 << streamer;
    return true;
  }

  /** Readings that wait to be sent. */
  waits(streamer: u32): u32 {
    return streamer < <u32>this.count ? unchecked(this.waiting[streamer]) : 0;
  }

  /** The streamers that send now, as bits. Takes the marks away. */
  ready(): u32 {
    let ready: u32 = 0;
    for (let i = 0; i < this.count; i++) {
      const isAsked = this.isAutomatic(i) || ((this.marks >> i) & 1) != 0;
      if (isAsked && this.waits(i) > 0) ready |= 1 << i;
    }
    this.marks = 0;
    // Who goes along may lead others: each turn adds one at least.
    let before: u32;
    do {
      before = ready;
      for (let i = 0; i < this.count; i++) {
        const leader: u32 = load<u8>(this.at(i), GRAPH_STREAMER_WITH);
        if (leader != GRAPH_NO_STREAMER && (ready >> leader) & 1 && this.waits(i) > 0) ready |= 1 << i;
      }
    } while (ready != before);
    return ready;
  }

  /** The receiver has `readings` of those that waited, the oldest. */
  sent(streamer: u32, readings: u32): void {
    if (streamer < <u32>this.count) unchecked((this.waiting[streamer] -= min(readings, this.waiting[streamer])));
  }

  private isAutomatic(streamer: u32): bool {
    const at = this.at(streamer);
    const isManual = (load<u8>(at, GRAPH_STREAMER_FLAGS) & GraphStreamerFlag.Manual) != 0;
    return !isManual && load<u8>(at, GRAPH_STREAMER_WITH) == GRAPH_NO_STREAMER;
  }

  private at(streamer: u32): usize {
    return streamersAt(this.graph) + streamer * GRAPH_STREAMER_BYTES;
  }
}
