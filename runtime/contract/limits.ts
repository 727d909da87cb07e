/** Every named maximum that device and server share. */

/** Largest MQTT payload from a device, bytes. */
export const PAYLOAD_UP_MAX_BYTES = 4096;
/** Largest MQTT payload to a device, bytes. */
export const PAYLOAD_DOWN_MAX_BYTES = 1024;
/** Most readings in one pack. A pack of this many small records stays below PAYLOAD_UP_MAX_BYTES. */
export const PACK_MAX_READINGS = 128;
/** MQTT keep alive that devices ask for, seconds. */
export const KEEP_ALIVE_S = 60;
/** First and largest wait between two attempts to connect, milliseconds, before jitter. */
export const RECONNECT_MIN_MS = 1000;
export const RECONNECT_MAX_MS = 60000;
/** An acknowledgement that takes longer makes the device send again, milliseconds. */
export const ACK_TIMEOUT_MS = 15000;
/** Longest wait for CONNACK, SUBACK and PINGRESP, milliseconds. */
export const MQTT_RESPONSE_TIMEOUT_MS = 10000;
/** Longest wait for the network or for a TCP connection, milliseconds. */
export const CONNECT_TIMEOUT_MS = 20000;
/** Longest a program may ask to sleep between two polls, milliseconds. */
export const POLL_MAX_MS = 60000;
/** Edges that the host remembers for `edge_read` before it drops the oldest. */
export const EDGE_LOG_MAX = 64;
/** TCP connections open at once. */
export const TCP_MAX_HANDLES = 4;
/** RTC memory that a program can use, bytes (the chip has 512). */
export const RTC_MEMORY_BYTES = 512;
/** Longest text given to `log`, bytes. */
export const LOG_MAX_BYTES = 256;
/** Longest line in a `log` message, bytes: what is longer is cut. */
export const LOG_LINE_MAX_BYTES = 80;
/** Longest time that the command `log-level` lasts, seconds. */
export const LOG_SEND_MAX_S = 3600;
/** Longest method name of a command, bytes. */
export const METHOD_MAX_BYTES = 32;
/** Longest product name and version in `hello`, bytes. */
export const NAME_MAX_BYTES = 32;
/** Longest settings of the product in `hello`, bytes: with them it fits PACK_SEND_BYTES whatever else it tells. */
export const HELLO_SETTINGS_MAX_BYTES = 256;
/**
 * Bytes that wait for `serial_read` before those that follow are lost: the FIFO of the UART (128, ESP8266 Technical Reference
 * 11.2) and the host's buffer behind it, as large as that of the Arduino core for ESP8266.
 */
export const SERIAL_RECEIVE_BYTES = 128 + 256;
/** Bytes on their way out before `serial_write` takes no more: a FIFO and a buffer of the same sizes. */
export const SERIAL_SEND_BYTES = 128 + 256;
/** Of the serial line: 8 data bits, no parity, one stop bit. */
export const SERIAL_BAUD = 115200;
/** Wi-Fi networks that a scan keeps, the strongest. */
export const SCAN_FOUND_MAX = 32;
/** Frames that the host remembers for `radio_read` before it drops the oldest. */
export const RADIO_LOG_MAX = 64;
/**
 * Length of a frame for `radio_beacon`: the header of a management frame and the fixed fields of a beacon at least (IEEE
 * 802.11-2020 9.3.3.1, 9.3.3.2: 24 and 12 bytes), and less than the chip could send.
 */
export const RADIO_FRAME_MIN_BYTES = 36;
export const RADIO_FRAME_MAX_BYTES = 400;
/** Bytes that one `i2c_transfer` writes and reads together: at 100 kHz, nine bits each, they take less than 10 ms. */
export const I2C_TRANSFER_MAX_BYTES = 100;
/** Bytes that one `onewire_transfer` writes and reads together: with the reset pulse they take less than 13 ms. */
export const ONEWIRE_TRANSFER_MAX_BYTES = 20;
/** Longest that `pulse_read` takes, its start pulse included, microseconds. */
export const PULSE_READ_MAX_US = 10000;
/** Memory of a program: static data and everything that it allocates, bytes. */
export const PROGRAM_RAM_BYTES = 16384;
/** Readings that a device puts into one pack; they fit PACK_SEND_BYTES whatever their values. */
export const PACK_SEND_READINGS = 20;
export const PACK_SEND_BYTES = 448;
/** Readings of a pack that has a signature: 37 bytes for it, 19 for a reading at most, 42 for the base fields. */
export const PACK_SIGNED_READINGS = 19;
/** The device repeats its `state` after this, seconds. */
export const STATE_EVERY_S = 900;
/** Packs sent again on one connection before the device gives it up. */
export const RESEND_MAX = 4;
/** Most MQTT packet bytes that a device takes in: payload, topic and headers. A longer packet is skipped. */
export const PACKET_DOWN_MAX_BYTES = PAYLOAD_DOWN_MAX_BYTES + 64;
/** Where the static data of a program begins; the bytes before it are the host's (function pointers on the chip). */
export const PROGRAM_DATA_OFFSET = 256;
/**
 * Readings of a graph that go to flash in one poll, for all that is left of a program's time and of a flash's life: each takes
 * about 1 ms, and each sector of them an erase. What is beyond is left out and told.
 */
export const GRAPH_STORED_MAX = 128;
