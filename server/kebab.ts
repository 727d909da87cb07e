/** `RolledBack` as `rolled-back`; `unknown-27` where this server has no name for the number. */
export function kebab(name: string | undefined, value: number): string {
  return name?.replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase() ?? `unknown-${value}`;
}
