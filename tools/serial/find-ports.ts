/**
 * The serial ports of this computer. On Linux from the device folders, since the package serialport asks a program for them that
 * is not everywhere; elsewhere from that package.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";

export interface FoundPort {
  path: string;
  /** What the adapter calls itself; absent: it is not known. */
  title?: string;
}

/** USB adapters. The ports that are built into computers have no boards on them. */
const LINUX_NAMES = /^tty(USB|ACM)\d+$/;

export async function findPorts(devices = "/dev"): Promise<FoundPort[]> {
  return process.platform === "linux" ? linuxPorts(devices) : otherPorts();
}

function linuxPorts(devices: string): FoundPort[] {
  const titles = new Map(
    entries(join(devices, "serial/by-id")).map((name): [string, string] => {
      const link = join(devices, "serial/by-id", name);
      return [
        resolve(link, "..", readlinkSync(link)),
        name.replace(/^usb-|-if\d+(-port\d+)?$/g, "").replaceAll("_", " "),
      ];
    }),
  );
  return entries(devices)
    .filter((name) => LINUX_NAMES.test(name))
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
    .map((name) => {
      const path = join(devices, name);
      const title = titles.get(path);
      return title === undefined ? { path } : { path, title };
    });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function otherPorts(): Promise<FoundPort[]> {
  const { SerialPort } = await import("serialport");
  const ports = await SerialPort.list();
  return ports
    .filter(({ vendorId }) => vendorId !== undefined)
    .map(({ path, manufacturer }) => (manufacturer === undefined ? { path } : { path, title: manufacturer }));
}
