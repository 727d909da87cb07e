/**
 * MQTT topic names, `lintel/1/<mac>/<channel>`. The digit is the version of the wire format; `<mac>` is the station
 * address of the chip in twelve lowercase hexadecimal digits.
 */
export const TOPIC_PREFIX = "lintel/1/";

/** Length of `<mac>`, in characters. */
export const MAC_HEX_LENGTH = 12;

/** Up. Who the device is, once a connection. */
export const CHANNEL_HELLO = "hello";
/** Up. A SenML pack of readings (senml.ts). */
export const CHANNEL_DATA = "data";
/** Up, retained, also the last will. Online or not, and how the device fares. */
export const CHANNEL_STATE = "state";
/** Down. Cumulative acknowledgement and the time. */
export const CHANNEL_ACK = "ack";
/** Down. Which image the device should run (update-messages.ts). */
export const CHANNEL_OFFER = "offer";
/** Up. How an update fares, or which piece of an image is wanted. */
export const CHANNEL_UPDATE = "update";
/** Down. A piece of an image. */
export const CHANNEL_CHUNK = "chunk";
/** Down. The desired configuration (command-messages.ts). */
export const CHANNEL_CONFIG = "config";
/** Down. Something to do. */
export const CHANNEL_COMMAND = "command";
/** Down. The desired sensor graph. */
export const CHANNEL_GRAPH = "graph";
/** Up. What became of a command, a configuration or a graph. */
export const CHANNEL_RESULT = "result";
/** Up. A line of the program's log, while the command `log-level` lasts. */
export const CHANNEL_LOG = "log";
