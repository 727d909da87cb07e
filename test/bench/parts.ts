/** Parts of a bench that run in processes of their own. */
import { type ChildProcess, fork } from "node:child_process";

export interface ListeningPart {
  process: ChildProcess;
  port: number;
  url: string;
  stop(): Promise<void>;
}

/** Starts a part that listens. */
export async function startPart(part: string, args: string[]): Promise<ListeningPart> {
  const child = fork(entryOf(part), args);
  const { port, url } = await firstMessage<{ port: number; url: string }>(child, part);
  const stop = () =>
    new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.send("stop");
    });
  return { process: child, port, url, stop };
}

/** Runs a part to its end and returns what it reports. */
export function runPart<T>(part: string, args: string[]): Promise<T> {
  return firstMessage<T>(fork(entryOf(part), args), part);
}

function entryOf(part: string): URL {
  return new URL(`./${part}.js`, import.meta.url);
}

function firstMessage<T>(child: ChildProcess, part: string): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", (code) => reject(new Error(`${part} ended with code ${code}; its error is above`)));
  });
}

export function atLeastOne(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${name} takes a whole number from 1, not "${text}"`);
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
