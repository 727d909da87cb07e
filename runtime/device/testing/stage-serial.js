/** The part of the specs' host (stage-host.js) that Improv is about: the serial line, joins and scans for networks. */

const BUSY = -10;

/** `view` gives bytes of the module's memory. */
export function createSerialStage(view) {
  let received, sent, room, found, isScanning, scans, joined;

  function reset() {
    received = [];
    sent = [];
    room = Number.POSITIVE_INFINITY;
    found = [];
    isScanning = false;
    scans = 0;
    joined = undefined;
  }
  reset();

  const host = {
    serial_read(pointer, capacity) {
      const bytes = received.splice(0, capacity);
      view(pointer, bytes.length).set(bytes);
      return bytes.length;
    },
    serial_write(pointer, length) {
      const taken = Math.min(length, room);
      room -= taken;
      sent.push(...view(pointer, taken));
      return taken;
    },
    net_join(ssid, ssidBytes, passphrase, passphraseBytes) {
      joined = [...view(ssid, ssidBytes), 0, ...view(passphrase, passphraseBytes)];
      return 0;
    },
    net_scan() {
      scans++;
      return 0;
    },
    net_found(pointer, capacity) {
      if (isScanning) return BUSY;
      const record = found.shift() ?? [];
      if (record.length > capacity) throw new Error("a record that does not fit");
      view(pointer, record.length).set(record);
      return record.length;
    },
  };

  const stage = {
    putSerial: (pointer, length) => void received.push(...view(pointer, length)),
    takeSerial(pointer) {
      const bytes = sent.splice(0);
      view(pointer, bytes.length).set(bytes);
      return bytes.length;
    },
    setSerialRoom(bytes) {
      room = bytes < 0 ? Number.POSITIVE_INFINITY : bytes;
    },
    putFound: (pointer, length) => void found.push([...view(pointer, length)]),
    setScanning(value) {
      isScanning = value !== 0;
    },
    scans: () => scans,
    takeJoined(pointer) {
      const bytes = joined ?? [];
      joined = undefined;
      view(pointer, bytes.length).set(bytes);
      return bytes.length;
    },
  };

  return { host, stage, reset };
}
