/** Boot waits for a Wi-Fi network where the configuration names none; firmware/abi joins what it is told, and never this one. */
import type { DeviceConfig } from "../../runtime/board/config-image.ts";

export const BOOT_CONFIG: DeviceConfig = {
  ssid: "none",
  passphrase: "",
  serverHost: "none",
  serverPort: 1883,
  secret: "",
  product: new Map(),
};
