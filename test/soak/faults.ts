/** What was done to the boards, their network and their server. */
export interface Faults {
  powerCuts: number;
  /** Of these, inside a write or an erase of flash. */
  cutsInFlash: number;
  partitions: number;
  brokerRestarts: number;
  serverKills: number;
}
