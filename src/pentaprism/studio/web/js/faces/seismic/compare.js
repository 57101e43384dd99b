// Before and after under a slider, and their difference, all at one amplitude scale: drawn here from the samples themselves.

import { field, fill, h } from "../../dom.js";
import { number } from "../../format.js";
import { toastError } from "../../toasts.js";
import { dataset as loadDataset, samples, traces } from "./api.js";
import { difference, paint, palette, PALETTES, percentile, shortened } from "./colours.js";
import { Frame } from "./frame.js";
import { gatherPicker } from "./gathers.js";
import { choice } from "./list.js";
import { COLORMAPS, lastLook } from "./look.js";
import { drawMarks } from "./marks.js";
import { readNpy } from "./npy.js";

const MOST_SAMPLES = 1_500_000;
const TALLEST = 8192;
const GRIP = 14;

/** @typedef {{ before: string, after: string, truth: string | null, filled: number[] }} Pair ids of datasets */
/** @typedef {Record<string, import("./colours.js").Plane>} Planes */

/** @param {Pair} pair */
export async function comparison(pair) {
  const dataset = await loadDataset(pair.after);
  const view = new Comparison(dataset, pair);
  const middle = pair.filled[Math.floor(pair.filled.length / 2)];
  const first = middle === undefined ? 0 : (await traces(pair.after, { from: middle, to: middle, fields: "tracl" })).items[0].gather;
  const gather = gatherPicker(dataset, (chosen) => view.show(chosen ? { first: chosen.first_trace, traces: chosen.traces } : { first: 0, traces: dataset.traces ?? 1 }), { all: (dataset.geometry?.gathers ?? 1) < 2, first });
  gather.start();
  return h("section", { class: "card stack compare" }, h("div", { class: "row spread" }, h("h2", {}, "Before and after"), view.legend), h("div", { class: "split viewer" }, h("div", { class: "stack" }, view.frame.element, view.slider), h("div", { class: "stack side" }, view.controls(), gather.element, view.windows)));
}

class Comparison {
  frame = new Frame("Before and after");
  /** @type {Record<string, string>} */
  words = { before: "Before", after: "After", difference: "Difference" };
  /** @type {Map<string, HTMLCanvasElement>} */
  #drawn = new Map();
  /** @type {Planes | null} */
  #planes = null;
  #span = { first: 0, traces: 1 };
  #window = { first: 0, traces: 1 };
  #visit = 0;
  /** @type {AbortController | null} */
  #loading = null;
  range = h("input", { type: "range", min: "0", max: "100", step: "0.5", value: "50", "aria-label": "Place of the slider between left and right" });
  slider = h("div", { class: "slider" }, this.range);
  windows = h("div", {});
  scale = h("small", { class: "quiet" });
  legend = h("p", { class: "legend" }, h("span", { class: "mark filled" }, "Filled"));
  colours = choice(Object.fromEntries(PALETTES.map((name) => [name, COLORMAPS[name]])), lastLook().colormap);
  clip = h("input", { type: "range", min: "80", max: "100", step: "0.5", value: "99" });
  louder = choice({ 1: "As it is", 2: "× 2", 5: "× 5", 10: "× 10" });

  /** @param {import("./api.js").Dataset} dataset @param {Pair} pair */
  constructor(dataset, pair) {
    this.dataset = dataset;
    this.pair = pair;
    this.legend.hidden = !pair.filled.length;
    if (pair.truth) Object.assign(this.words, { truth: "Truth", error: "Error (after less truth)" });
    this.left = choice(this.words, "before");
    this.right = choice(this.words, "after");
    this.frame.paint = (scene) => this.#paint(scene);
    this.range.addEventListener("input", () => this.frame.redraw());
    this.frame.view.addEventListener("press", (event) => this.#press(/** @type {CustomEvent} */ (event)));
  }

  controls() {
    for (const input of [this.left, this.right]) input.addEventListener("change", () => this.frame.redraw());
    for (const input of [this.colours, this.clip, this.louder]) input.addEventListener("input", () => (this.#drawn.clear(), this.#scale(), this.frame.redraw()));
    return h("div", { class: "look" }, field("Left of the slider", this.left), field("Right of the slider", this.right), field("Colours", this.colours), field("Clip", this.clip), field("Difference", this.louder), this.scale);
  }

  /** Traces to compare; of many a window around the filled ones. @param {{ first: number, traces: number }} span */
  show(span) {
    this.#span = span;
    const most = Math.max(8, Math.floor(MOST_SAMPLES / (this.dataset.samples ?? 1)));
    const inside = this.pair.filled.filter((trace) => trace >= span.first && trace < span.first + span.traces);
    const middle = inside[Math.floor(inside.length / 2)] ?? span.first;
    this.#load(span.traces <= most ? span : this.#within(middle - Math.floor(most / 2), most));
  }

  /** @param {number} first @param {number} count */
  #within(first, count) {
    const last = this.#span.first + this.#span.traces - count;
    return { first: Math.max(this.#span.first, Math.min(first, last)), traces: count };
  }

  /** @param {{ first: number, traces: number }} window */
  async #load(window) {
    const mine = ++this.#visit;
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const query = { first_trace: window.first, traces: window.traces };
    const read = (/** @type {string} */ id) => samples(id, query, signal).then(readNpy).then((plane) => shortened(plane, TALLEST));
    this.frame.element.setAttribute("aria-busy", "true");
    try {
      const { before, after, truth } = this.pair;
      const [old, fresh, real] = await Promise.all([read(before), read(after), truth ? read(truth) : null]);
      if (mine !== this.#visit) return;
      this.#planes = { before: old, after: fresh, difference: difference(fresh, old), ...(real ? { truth: real, error: difference(fresh, real) } : {}) };
      this.#window = window;
      this.#drawn.clear();
      this.#scale();
      this.#step();
      const { samples: count, sample_interval_us: interval, layout } = this.dataset;
      this.frame.show({ firstTrace: window.first, traces: window.traces, samples: count ?? 1, interval, delay: layout?.delay_ms ?? 0 });
    } catch (error) {
      toastError(error);
    } finally {
      if (mine === this.#visit) this.frame.element.removeAttribute("aria-busy");
    }
  }

  /** The way to the next window where not all traces fit. */
  #step() {
    const { first, traces: count } = this.#window;
    if (count >= this.#span.traces) return fill(this.windows);
    const go = (/** @type {number} */ by) => this.#load(this.#within(first + by * count, count));
    return fill(this.windows, h("div", { class: "row" }, h("button", { type: "button", disabled: first <= this.#span.first, onclick: () => go(-1) }, "Earlier traces"), h("button", { type: "button", disabled: first + count >= this.#span.first + this.#span.traces, onclick: () => go(1) }, "Later traces")),
      h("small", {}, `Traces ${first.toLocaleString()} to ${(first + count - 1).toLocaleString()} of ${this.#span.traces.toLocaleString()}`));
  }

  get #limit() {
    return this.#planes ? percentile(this.#planes.before, Number(this.clip.value)) : 0;
  }

  #scale() {
    this.scale.textContent = `All at one scale: the last colour stands for ±${number(this.#limit, 4)}, the ${this.clip.value} % point of the input.`;
  }

  /** @param {string} name */
  #picture(name) {
    const known = this.#drawn.get(name);
    if (known || !this.#planes?.[name]) return known ?? null;
    const louder = name === "difference" || name === "error" ? Number(this.louder.value) : 1;
    const made = paint(this.#planes[name], this.#limit / louder, palette(this.colours.value));
    this.#drawn.set(name, made);
    return made;
  }

  /** Place of the slider on the screen. */
  get #place() {
    return (this.frame.view.clientWidth * Number(this.range.value)) / 100;
  }

  /** @param {import("./frame.js").Scene} scene */
  #paint(scene) {
    const { context, onScreen, stretch } = scene;
    const [left, right] = [this.#picture(this.left.value), this.#picture(this.right.value)];
    if (!left || !right) return;
    const { clientWidth: w, clientHeight: t } = this.frame.view;
    const place = this.#place;
    const [wide, tall] = [this.frame.extent.traces * stretch, this.frame.extent.samples];
    for (const [picture, from, to] of /** @type {[HTMLCanvasElement, number, number][]} */ ([[left, 0, place], [right, place, w]])) {
      const matrix = context.getTransform();
      context.save();
      onClip(context, from, to, t);
      context.setTransform(matrix);
      context.drawImage(picture, 0, 0, wide, tall);
      context.restore();
    }
    drawMarks(scene, [{ kind: "filled", traces: this.pair.filled.filter((trace) => trace >= this.#window.first && trace < this.#window.first + this.#window.traces) }], this.frame.element);
    onScreen(() => this.#handle(context, place, t));
  }

  /** @param {CanvasRenderingContext2D} context @param {number} place @param {number} t */
  #handle(context, place, t) {
    const style = getComputedStyle(this.frame.element);
    context.fillStyle = style.getPropertyValue("--accent");
    context.fillRect(place - 1, 0, 2, t);
    context.beginPath();
    context.arc(place, t / 2, 9, 0, 2 * Math.PI);
    context.fill();
    context.font = `600 12px ${style.fontFamily}`;
    for (const [text, at, align] of /** @type {[string, number, CanvasTextAlign][]} */ ([[this.words[this.left.value], place - 8, "right"], [this.words[this.right.value], place + 8, "left"]])) {
      const wide = context.measureText(text).width + 12;
      context.fillStyle = style.getPropertyValue("--card");
      context.fillRect(align === "right" ? at - wide : at, 10, wide, 20);
      context.fillStyle = style.getPropertyValue("--ink");
      context.textAlign = align;
      context.textBaseline = "middle";
      context.fillText(text, align === "right" ? at - 6 : at + 6, 20);
    }
  }

  /** Take the slider where it stands in the picture. @param {CustomEvent} event */
  #press(event) {
    const { view } = this.frame;
    const box = view.getBoundingClientRect();
    const at = (/** @type {PointerEvent} */ pointer) => pointer.clientX - box.left;
    if (Math.abs(at(event.detail.event) - this.#place) > GRIP) return;
    event.preventDefault();
    const move = (/** @type {PointerEvent} */ pointer) => {
      this.range.value = String((at(pointer) / box.width) * 100);
      this.frame.redraw();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  }
}

/** Draw only between two places of the screen. @param {CanvasRenderingContext2D} context @param {number} from @param {number} to @param {number} tall */
function onClip(context, from, to, tall) {
  const ratio = devicePixelRatio || 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.beginPath();
  context.rect(from, 0, Math.max(0, to - from), tall);
  context.clip();
}
