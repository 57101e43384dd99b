// The server's tiles of a section: which are needed for a view, loading them, and keeping the last few hundred.

import { linked, refusal } from "./api.js";

const SIDE = 256;
const AT_ONCE = 6;
const KEPT = 300;
const MOST_SHOWN = 48;

/** Levels of a section's pyramid: level 0 is one tile, the last one a pixel a sample. @param {number} traces @param {number} samples */
export function levels(traces, samples) {
  return Math.ceil(Math.log2(Math.max(1, Math.ceil(Math.max(traces, samples) / SIDE)))) + 1;
}

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Part a part of the section, in traces and samples */

/**
 * The level for a view: as sharp as the screen shows it, with no more tiles than can be loaded in a moment.
 * @param {number} count levels @param {Part} part @param {number} across screen pixels a trace @param {number} down screen pixels a sample
 */
export function levelFor(count, part, across, down) {
  let step = Math.max(0, Math.min(count - 1, Math.floor(Math.log2(1 / Math.max(across, down)))));
  const tiles = () => {
    const side = SIDE * 2 ** step;
    return (Math.floor(part.right / side) - Math.floor(part.left / side) + 1) * (Math.floor(part.bottom / side) - Math.floor(part.top / side) + 1);
  };
  while (step < count - 1 && tiles() > MOST_SHOWN) step += 1;
  return count - 1 - step;
}

export class Tiles {
  /** @type {Map<string, { image: HTMLImageElement, state: "waiting" | "loading" | "ready" | "failed" }>} in the order of their last use */
  #kept = new Map();
  #loading = 0;
  /** @type {string[]} what the last view asked for */
  #wanted = [];

  /** @param {string} template @param {Record<string, any>} query @param {number} traces @param {number} samples @param {() => void} onChange @param {(problem: string) => void} onProblem */
  constructor(template, query, traces, samples, onChange, onProblem) {
    this.template = template;
    this.query = query;
    this.traces = traces;
    this.samples = samples;
    this.levels = levels(traces, samples);
    this.onChange = onChange;
    this.onProblem = onProblem;
  }

  /**
   * Draw the part of the section that is seen. `context` is in picture coordinates, a trace is `stretch` wide and a sample 1 high.
   * @param {CanvasRenderingContext2D} context @param {Part} part @param {number} stretch @param {number} across @param {number} down
   */
  draw(context, part, stretch, across, down) {
    const z = levelFor(this.levels, part, across, down);
    const side = SIDE * 2 ** (this.levels - 1 - z);
    this.#wanted = [];
    for (let y = Math.floor(part.top / side); y * side < part.bottom; y += 1) {
      for (let x = Math.floor(part.left / side); x * side < part.right; x += 1) this.#tile(context, z, x, y, stretch);
    }
    this.#ask(0, 0, 0);
    this.#next();
  }

  /** A tile, or the sharpest part of a coarser one that is there. @param {CanvasRenderingContext2D} context @param {number} z @param {number} x @param {number} y @param {number} stretch */
  #tile(context, z, x, y, stretch) {
    const side = SIDE * 2 ** (this.levels - 1 - z);
    const found = this.#ask(z, x, y);
    for (let up = 0; up <= z; up += 1) {
      const tile = up === 0 ? found : this.#kept.get(`${z - up}/${x >> up}/${y >> up}`);
      if (tile?.state !== "ready") continue;
      const cut = SIDE / 2 ** up;
      const [sx, sy] = [(x % 2 ** up) * cut, (y % 2 ** up) * cut];
      context.drawImage(tile.image, sx, sy, cut, cut, x * side * stretch, y * side, side * stretch, side);
      return;
    }
  }

  /** @param {number} z @param {number} x @param {number} y */
  #ask(z, x, y) {
    const name = `${z}/${x}/${y}`;
    const tile = this.#kept.get(name) ?? { image: new Image(), state: /** @type {const} */ ("waiting") };
    this.#kept.delete(name);
    this.#kept.set(name, tile);
    if (tile.state === "waiting") this.#wanted.push(name);
    return tile;
  }

  #next() {
    while (this.#loading < AT_ONCE && this.#wanted.length) {
      const name = /** @type {string} */ (this.#wanted.shift());
      const tile = this.#kept.get(name);
      if (tile?.state === "waiting") this.#load(name, tile);
    }
    for (const [name, tile] of this.#kept) {
      if (this.#kept.size <= KEPT) break;
      if (tile.state !== "loading") this.#kept.delete(name);
    }
  }

  /** @param {string} name @param {{ image: HTMLImageElement, state: string }} tile */
  #load(name, tile) {
    const [z, x, y] = name.split("/");
    const address = linked(this.template.replace("{z}", z).replace("{x}", x).replace("{y}", y), this.query);
    const over = (/** @type {"ready" | "failed"} */ state) => {
      tile.state = state;
      this.#loading -= 1;
      this.onChange();
      if (state === "failed") refusal(address).then(this.onProblem);
    };
    this.#loading += 1;
    tile.state = "loading";
    tile.image.addEventListener("load", () => over("ready"));
    tile.image.addEventListener("error", () => over("failed"));
    tile.image.src = address;
  }
}
