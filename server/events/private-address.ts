/**
 * Where a webhook may not go unless the server's owner allows it: this machine, its own network and what else is not the public
 * internet (RFC 6890, RFC 4193, RFC 6598, RFC 6052). An administrator of an organisation names the address; he is not the owner of
 * the server's network, where a router or a cloud's metadata may answer whoever asks.
 */
import { BlockList, isIP } from "node:net";

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  PRIVATE.addSubnet(net, bits, "ipv4");
}
/** The public internet is 2000::/3; in it, documentation, 6to4 and Teredo, which carry addresses of IPv4, are left out. */
const PUBLIC_V6 = new BlockList();
PUBLIC_V6.addSubnet("2000::", 3, "ipv6");
for (const [net, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
] as const) {
  PRIVATE.addSubnet(net, bits, "ipv6");
}

export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return PRIVATE.check(address, "ipv4");
  return family !== 6 || PRIVATE.check(address, "ipv6") || !PUBLIC_V6.check(address, "ipv6");
}
