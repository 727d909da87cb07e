/**
 * Places boxes in columns from left to right, so that edges go rightwards: longest path layering, order within a column by the
 * mean place of neighbours, places for edges that pass a column (Sugiyama, Tagawa and Toda, 1981). No randomness: the same graph
 * is drawn the same way.
 */

export interface LayoutBox {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** In the last column, whatever leads there. */
  readonly last?: boolean;
}

export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}

export interface PlacedBox {
  /** Right end of the widest box of its column. */
  readonly columnEnd: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, PlacedBox>;
  /** For each edge the points that it passes between its boxes. */
  readonly bends: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

interface Slot {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly column: number;
  readonly before: Slot[];
  readonly after: Slot[];
  y: number;
}

const SWEEPS = 12;
const ROW_GAP = 16;
const PASSING_HEIGHT = 10;

export function layOut(
  boxes: readonly LayoutBox[],
  edges: readonly LayoutEdge[],
  columnGap: (column: number) => number,
): Layout {
  const columnOf = assignColumns(boxes, edges);
  const slots = new Map<string, Slot>();
  const columns: Slot[][] = [];
  const add = (id: string, column: number, width: number, height: number): Slot => {
    const slot: Slot = { id, width, height, column, before: [], after: [], y: 0 };
    columns[column] ??= [];
    columns[column].push(slot);
    slots.set(id, slot);
    return slot;
  };
  for (const { id, width, height } of boxes) add(id, columnOf.get(id) ?? 0, width, height);
  for (let column = 0; column < columns.length; column++) columns[column] ??= [];
  const passed = edges.map(({ from, to }, index) => passColumns(index, from, to, slots, add));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const rightwards = sweep % 2 === 0;
    for (const column of rightwards ? columns : [...columns].reverse()) arrange(column, rightwards);
  }
  return measure(columns, slots, boxes, passed, columnGap);
}

/** Column of each box: behind all that lead to it, and of those that only lead on, as far right as they can be. */
function assignColumns(boxes: readonly LayoutBox[], edges: readonly LayoutEdge[]): Map<string, number> {
  const columns = new Map(boxes.map(({ id }) => [id, 0]));
  // A circle would push its boxes on and on: so often, and no more.
  for (let round = 0; round < boxes.length; round++) {
    let moved = false;
    for (const { from, to } of edges) {
      const least = (columns.get(from) ?? 0) + 1;
      if ((columns.get(to) ?? 0) >= least || least >= boxes.length) continue;
      columns.set(to, least);
      moved = true;
    }
    if (!moved) break;
  }
  const last = Math.max(0, ...columns.values());
  for (const box of boxes) if (box.last) columns.set(box.id, last);
  for (const { id } of boxes) {
    if (edges.some(({ to }) => to === id)) continue;
    const next = edges.filter(({ from }) => from === id).map(({ to }) => columns.get(to) ?? 1);
    if (next.length > 0) columns.set(id, Math.max(0, Math.min(...next) - 1));
  }
  return columns;
}

function passColumns(
  edge: number,
  from: string,
  to: string,
  slots: ReadonlyMap<string, Slot>,
  add: (id: string, column: number, width: number, height: number) => Slot,
): string[] {
  const start = slots.get(from);
  const end = slots.get(to);
  if (start === undefined || end === undefined) return [];
  const passed: string[] = [];
  let previous = start;
  for (let column = start.column + 1; column < end.column; column++) {
    const slot = add(`${edge}@${column}`, column, 0, PASSING_HEIGHT);
    previous.after.push(slot);
    slot.before.push(previous);
    passed.push(slot.id);
    previous = slot;
  }
  previous.after.push(end);
  end.before.push(previous);
  return passed;
}

/** Orders a column by the mean height of its neighbours on one side, and puts each slot as near to that as room allows. */
function arrange(column: Slot[], rightwards: boolean): void {
  const wished = new Map(
    column.map((slot) => {
      const near = rightwards ? slot.before : slot.after;
      return [slot, near.length === 0 ? slot.y : near.reduce((sum, { y }) => sum + y, 0) / near.length];
    }),
  );
  const wish = (slot: Slot) => wished.get(slot) ?? 0;
  const order = new Map(column.map((slot, index) => [slot, index]));
  column.sort((a, b) => wish(a) - wish(b) || (order.get(a) ?? 0) - (order.get(b) ?? 0));
  let least = Number.NEGATIVE_INFINITY;
  const downwards = column.map((slot) => {
    const y = Math.max(wish(slot), least + slot.height / 2);
    least = y + slot.height / 2 + ROW_GAP;
    return y;
  });
  let most = Number.POSITIVE_INFINITY;
  for (let index = column.length - 1; index >= 0; index--) {
    const slot = column[index] as Slot;
    const y = Math.min(wish(slot), most - slot.height / 2);
    most = y - slot.height / 2 - ROW_GAP;
    slot.y = (y + (downwards[index] ?? y)) / 2;
  }
}

function measure(
  columns: readonly Slot[][],
  slots: ReadonlyMap<string, Slot>,
  boxes: readonly LayoutBox[],
  passed: readonly string[][],
  columnGap: (column: number) => number,
): Layout {
  const all = [...slots.values()];
  const top = Math.min(0, ...all.map(({ y, height }) => y - height / 2));
  const bottom = Math.max(0, ...all.map(({ y, height }) => y + height / 2));
  const lefts: number[] = [];
  let x = 0;
  columns.forEach((column, index) => {
    if (index > 0) x += columnGap(index);
    lefts.push(x);
    x += Math.max(0, ...column.map(({ width }) => width));
  });
  const widths = columns.map((column) => Math.max(0, ...column.map(({ width }) => width)));
  const place = (id: string): PlacedBox => {
    const { column, width, height, y } = slots.get(id) as Slot;
    const left = lefts[column] ?? 0;
    return { columnEnd: left + (widths[column] ?? 0), x: left, y: y - height / 2 - top, width, height };
  };
  const bends = passed.map((ids) =>
    ids.flatMap((id) => {
      const { column, y } = slots.get(id) as Slot;
      const left = lefts[column] ?? 0;
      return [
        { x: left, y: y - top },
        { x: left + (widths[column] ?? 0), y: y - top },
      ];
    }),
  );
  return { width: x, height: bottom - top, boxes: new Map(boxes.map(({ id }) => [id, place(id)])), bends };
}
