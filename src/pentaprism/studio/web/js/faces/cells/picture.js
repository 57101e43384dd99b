// The picture under the outlines: a preview of the whole, and sharper tiles of what is looked at closely.

import { preview } from "./api.js";

const PREVIEW = 2048;
const TILE = 1024;
const KEPT = 40;
const PAUSE_MS = 120;

/** @typedef {import("../../elements/zoom-view.js").ZoomView} ZoomView */
/** @typedef {{ x: number, y: number, side: number, bitmap: ImageBitmap | null, used: number }} Tile */

export class Picture {
  #view;
  #image;
  page;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #sharpness = 1;
  #clock = 0;
  #abort = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {ZoomView} view @param {import("./api.js").Image} image @param {number} page */
  constructor(view, image, page) {
    this.#view = view;
    this.#image = image;
    this.page = page;
  }

  /** Show a page. @param {number} page @param {boolean} [keepView] */
  async load(page, keepView = false) {
    this.close();
    this.#abort = new AbortController();
    this.page = page;
    const { id, width, height } = this.#image;
    this.#view.setAttribute("aria-busy", "true");
    const bitmap = await createImageBitmap(await preview(id, { size: PREVIEW, page }, this.#abort.signal));
    this.#sharpness = bitmap.width / width;
    if (keepView) {
      this.#view.picture = bitmap;
      this.#view.redraw();
    } else this.#view.show(bitmap, width, height);
    this.#view.removeAttribute("aria-busy");
  }

  /** Stop loading and let go of the tiles. */
  close() {
    this.#abort.abort();
    clearTimeout(this.#timer);
    for (const { bitmap } of this.#tiles.values()) bitmap?.close();
    this.#tiles.clear();
  }

  /** Draw the tiles of what is shown, and ask for those that are missing. @param {CanvasRenderingContext2D} context @param {import("../../elements/zoom-view.js").View} view */
  draw(context, view) {
    const needed = view.scale * (devicePixelRatio || 1);
    if (needed <= this.#sharpness * 1.05 || this.#sharpness >= 1) return;
    const level = Math.max(0, Math.floor(Math.log2(1 / needed)));
    this.#clock += 1;
    const wanted = this.#visible(view, TILE * 2 ** level);
    let missing = false;
    for (const { x, y, side } of wanted) {
      const tile = this.#tiles.get(`${x},${y},${side}`);
      missing ||= !tile;
      if (!tile?.bitmap) continue;
      tile.used = this.#clock;
      context.drawImage(tile.bitmap, x, y, Math.min(side, this.#image.width - x), Math.min(side, this.#image.height - y));
    }
    if (!missing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(wanted), PAUSE_MS);
  }

  /** @param {import("../../elements/zoom-view.js").View} view @param {number} side */
  #visible({ scale, x, y }, side) {
    const { width, height } = this.#image;
    const [left, top] = [Math.max(0, -x / scale), Math.max(0, -y / scale)];
    const [right, bottom] = [Math.min(width, (this.#view.clientWidth - x) / scale), Math.min(height, (this.#view.clientHeight - y) / scale)];
    const found = [];
    for (let row = Math.floor(top / side); row * side < bottom; row += 1) {
      for (let column = Math.floor(left / side); column * side < right; column += 1) found.push({ x: column * side, y: row * side, side });
    }
    return found;
  }

  /** @param {{ x: number, y: number, side: number }[]} wanted */
  async #fetch(wanted) {
    const { signal } = this.#abort;
    for (const { x, y, side } of wanted) {
      const name = `${x},${y},${side}`;
      if (this.#tiles.has(name)) continue;
      /** @type {Tile} */
      const tile = { x, y, side, bitmap: null, used: this.#clock };
      this.#tiles.set(name, tile);
      const region = [x, y, Math.min(side, this.#image.width - x), Math.min(side, this.#image.height - y)].join(",");
      try {
        tile.bitmap = await createImageBitmap(await preview(this.#image.id, { size: TILE, page: this.page, region }, signal));
      } catch {
        // The preview stays; the next look tries again.
        if (this.#tiles.get(name) === tile) this.#tiles.delete(name);
        return;
      }
      if (signal.aborted) return tile.bitmap.close();
      this.#thin();
      this.#view.redraw();
    }
  }

  #thin() {
    const old = [...this.#tiles].sort(([, a], [, b]) => a.used - b.used).slice(0, Math.max(0, this.#tiles.size - KEPT));
    for (const [name, tile] of old) {
      tile.bitmap?.close();
      this.#tiles.delete(name);
    }
  }
}
