/** For tests: certificates that sign themselves, made by openssl where it is installed. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const hasOpenssl = spawnSync("openssl", ["version"]).error === undefined;
if (!hasOpenssl) {
  if (process.env["CI"]) throw new Error("openssl is not installed, and CI must not skip this test");
  console.log("skipped: TLS (install openssl to run it)");
}

/** For 127.0.0.1. */
export function makeCertificate(folder: string, name: string): { certFile: string; keyFile: string } {
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.keyFile];
  const made = spawnSync("openssl", ["req", "-x509", ...key, ...subject, "-out", files.certFile]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return files;
}
