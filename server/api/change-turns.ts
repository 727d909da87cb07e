/**
 * Whose turn it is to change a thing. A change with a condition is alone at it, from looking at it until it is done, so that no other
 * request comes between the two; changes without one go side by side. They are served in the order in which they came.
 */

interface Turn {
  isAlone: boolean;
  isRunning: boolean;
  start(): void;
}

/** Ends the turn; again: nothing. */
export type EndTurn = () => void;

/** No more wait than there are connections. */
export function changeTurns(): (thing: string, isAlone: boolean) => Promise<EndTurn> {
  const lines = new Map<string, Turn[]>();
  const end = (thing: string, turn: Turn) => {
    const line = lines.get(thing) ?? [];
    const at = line.indexOf(turn);
    if (at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) lines.delete(thing);
    startNext(line);
  };
  return (thing, isAlone) =>
    new Promise((resolve) => {
      const turn: Turn = { isAlone, isRunning: false, start: () => resolve(() => end(thing, turn)) };
      const line = lines.get(thing) ?? [];
      line.push(turn);
      lines.set(thing, line);
      startNext(line);
    });
}

function startNext(line: readonly Turn[]): void {
  for (const [at, turn] of line.entries()) {
    if (turn.isAlone && at > 0) return;
    if (!turn.isRunning) {
      turn.isRunning = true;
      turn.start();
    }
    if (turn.isAlone) return;
  }
}
