/** A graph as an SVG picture: what comes in on the left, what is sent on the right, conditions where an arrow ends. */
import type { GraphModel } from "../model.ts";
import { type BoxKind, type FigureBox, type FigureEdge, figureOf } from "./figure.ts";
import { layOut, type PlacedBox } from "./layout.ts";

const FONT_SIZE = 12;
/** Of a monospaced font, so that widths are known without one. */
const CHARACTER_WIDTH = FONT_SIZE * 0.6;
const SMALL_SIZE = 10;
const SMALL_WIDTH = SMALL_SIZE * 0.6;
const PADDING = 10;
const LINE_HEIGHT = 16;
/** Room for an edge to turn, between two columns. */
const CURVE_WIDTH = 44;
const MARGIN = 20;
const TITLE_HEIGHT = 34;
/** From a condition to the box that it belongs to: room for the arrow's head. */
const ARROW = 12;

const COLOURS: Record<BoxKind, { fill: string; line: string }> = {
  source: { fill: "#e3f0fb", line: "#3d7ab8" },
  step: { fill: "#f4f4f2", line: "#8a8a84" },
  result: { fill: "#e6f4e4", line: "#4b8b45" },
  call: { fill: "#fdf0dc", line: "#b97a1f" },
  streamer: { fill: "#efe6f7", line: "#7a52a5" },
};

export function drawGraph(model: GraphModel, title: string): string {
  const { boxes, edges } = figureOf(model);
  const sized = boxes.map((box) => ({ id: box.id, last: box.kind === "streamer", ...sizeOf(box) }));
  const widest = Math.max(0, ...boxes.flatMap(({ ports }) => ports.map((port) => port.length)));
  const gap = CURVE_WIDTH + ARROW + widest * SMALL_WIDTH;
  const layout = layOut(sized, edges, () => gap);
  const place = (id: string) => layout.boxes.get(id) as PlacedBox;
  const width = Math.max(layout.width, title.length * CHARACTER_WIDTH) + 2 * MARGIN;
  const height = layout.height + TITLE_HEIGHT + 2 * MARGIN;
  const paths = edges.map((edge, index) => drawEdge(edge, boxes, place, layout.bends[index] ?? []));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="${FONT_SIZE}">`,
    `<title>${escape(title)}</title>`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#6b6b66"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${MARGIN + FONT_SIZE}" font-weight="bold" fill="#222222">${escape(title)}</text>`,
    `<g transform="translate(${MARGIN} ${MARGIN + TITLE_HEIGHT})">`,
    `<g fill="none" stroke="#6b6b66" stroke-width="1.2">${paths.join("")}</g>`,
    ...boxes.map((box) => drawBox(box, place(box.id))),
    ...boxes.flatMap((box) => drawConditions(box, place(box.id))),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function sizeOf({ title, detail }: FigureBox): { width: number; height: number } {
  const width = Math.max(title.length * CHARACTER_WIDTH, detail.length * SMALL_WIDTH) + 2 * PADDING;
  return { width: Math.ceil(width), height: (detail === "" ? 1 : 2) * LINE_HEIGHT + PADDING };
}

/** Height at which an input comes in. */
function portY(box: FigureBox, { y, height }: PlacedBox, port: number): number {
  return y + (height * (port + 1)) / (box.ports.length + 1);
}

function drawEdge(
  { from, to, port }: FigureEdge,
  boxes: readonly FigureBox[],
  place: (id: string) => PlacedBox,
  bends: readonly { x: number; y: number }[],
): string {
  const start = place(from);
  const end = place(to);
  const target = boxes.find(({ id }) => id === to) as FigureBox;
  const endY = portY(target, end, port);
  // The condition stands over the last stretch, which is level.
  const level = ARROW + (target.ports[port] ?? "").length * SMALL_WIDTH;
  const points = [{ x: start.x + start.width, y: start.y + start.height / 2 }, ...bends, { x: end.x - level, y: endY }];
  const steps = points.slice(1).map(({ x, y }, index) => {
    const { x: fromX, y: fromY } = points[index] as { x: number; y: number };
    // Back to the left, in a circle: around below.
    const reach = x >= fromX ? (x - fromX) / 2 : 60;
    return `C${round(fromX + reach)} ${round(fromY)} ${round(x - reach)} ${round(y)} ${round(x)} ${round(y)}`;
  });
  const [first] = points as [{ x: number; y: number }];
  const begin = `M${round(start.x + start.width)} ${round(first.y)}H${round(first.x)}`;
  return `<path d="${begin}${steps.join("")}H${round(end.x)}" marker-end="url(#arrow)"/>`;
}

function drawBox({ kind, title, detail }: FigureBox, { x, y, width, height }: PlacedBox): string {
  const { fill, line } = COLOURS[kind];
  const radius = kind === "source" ? height / 2 : 4;
  const text = (content: string, row: number, size: number, colour: string) =>
    `<text x="${round(x + width / 2)}" y="${round(y + PADDING / 2 + row * LINE_HEIGHT - 4)}" text-anchor="middle" font-size="${size}" fill="${colour}">${escape(content)}</text>`;
  return [
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${round(radius)}" fill="${fill}" stroke="${line}"/>`,
    text(title, 1, FONT_SIZE, "#222222"),
    ...(detail === "" ? [] : [text(detail, 2, SMALL_SIZE, "#55554f")]),
  ].join("");
}

/** With a white rim, for arrows may pass. */
function drawConditions(box: FigureBox, place: PlacedBox): string[] {
  const text = (content: string, y: number) =>
    `<text x="${round(place.x - ARROW)}" y="${round(y)}" text-anchor="end" font-size="${SMALL_SIZE}" fill="#a03030" stroke="#ffffff" stroke-width="3" paint-order="stroke">${escape(content)}</text>`;
  return box.ports.flatMap((port, index) =>
    port === "" ? [] : [text(port, portY(box, place, index) + (index === 0 ? -3 : 10))],
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
