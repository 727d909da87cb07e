/** The commands of the Telnet option for serial ports (RFC 2217 section 3), from client to access server. */
export enum ComPort {
  Signature = 0,
  SetBaudRate = 1,
  SetDataSize = 2,
  SetParity = 3,
  SetStopSize = 4,
  SetControl = 5,
  NotifyLineState = 6,
  NotifyModemState = 7,
  SuspendFlow = 8,
  ResumeFlow = 9,
  SetLineStateMask = 10,
  SetModemStateMask = 11,
  PurgeData = 12,
}

/** A server answers each command with its number and this. */
export const COM_PORT_ANSWER = 100;

/** Values of SetControl. */
export enum Control {
  DtrOn = 8,
  DtrOff = 9,
  RtsOn = 11,
  RtsOff = 12,
}

/** Parameter of SetBaudRate: big-endian; 0 asks for the speed as it is. */
export function baudRateBytes(baudRate: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, baudRate);
  return bytes;
}

/** What our server says, in place of any answer, to a client that it has to turn away. */
export const PORT_TAKEN = "another program has this port";
