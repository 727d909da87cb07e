/** The queue of a program that measures nothing, as the recovery program: it holds nothing, and keeps nothing in flash. */
import { BootTime } from "./boot-time.ts";
import { ReadingQueue } from "./reading-queue.ts";

export class NoQueue implements ReadingQueue {
  private lost: u32 = 0;

  epoch(): u32 {
    return 0;
  }
  oldest(): u32 {
    return 1;
  }
  count(): u32 {
    return 0;
  }
  dropped(): u32 {
    return this.lost;
  }
  push(_stream: u32, _value: i32, _uptimeS: u32): void {
    this.lost++;
  }
  renew(_known: u32): void {}
  /** Whatever the server believes of epoch 0, there is nothing to renumber. */
  acknowledge(_sequence: u32): bool {
    return true;
  }
  learnTime(_unixS: u32, _uptimeS: u32, _errorS: u32): void {}
  rewind(): bool {
    return false;
  }
  next(): bool {
    return false;
  }
  sequence(): u32 {
    return 0;
  }
  stream(): u32 {
    return 0;
  }
  value(): i32 {
    return 0;
  }
  uptimeS(): u32 {
    return 0;
  }
  isSigned(): bool {
    return false;
  }
  sign(_pointer: usize, _length: u32, _signature: usize): void {}
  place(_time: BootTime, _nowS: u32, _unixS: u32): void {}
  lastCommand(): u32 {
    return 0;
  }
  /** Nothing here would remember it: no command is taken. */
  takeCommand(_id: u32): bool {
    return false;
  }
}
