// A <pt-zoom-view> between rulers, with traces across and samples down. What is drawn inside is the page's affair.

import { custom, h } from "../../dom.js";
import "../../elements/zoom-view.js";
import { timeRuler, traceRuler } from "./rulers.js";

/** @typedef {{ context: CanvasRenderingContext2D, part: import("./tiles.js").Part, stretch: number, across: number, down: number, x: (trace: number) => number, y: (sample: number) => number, onScreen: (draw: () => void) => void }} Scene */
/** @typedef {{ firstTrace: number, traces: number, samples: number, interval: number | null, delay: number }} Extent interval in microseconds, delay in milliseconds */

/** @type {Set<WeakRef<Frame>>} frames whose canvases take new colours with a new theme */
const frames = new Set();

function recolour() {
  for (const held of frames) {
    const frame = held.deref();
    if (frame) frame.redraw();
    else frames.delete(held);
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ["data-theme"] });

export class Frame {
  /** @type {Extent} */
  extent = { firstTrace: 0, traces: 1, samples: 1, interval: null, delay: 0 };
  /** @type {(scene: Scene) => void} draws inside */
  paint = () => {};
  /** Width of a trace in units of the picture; a sample is one unit high. */
  stretch = 1;
  view = /** @type {import("../../elements/zoom-view.js").ZoomView} */ (custom("pt-zoom-view"));
  readout = h("small", { class: "readout", "aria-live": "off" });
  #top = h("canvas", { class: "ruler top", "aria-hidden": "true" });
  #side = h("canvas", { class: "ruler side", "aria-hidden": "true" });
  #unit = h("small", { class: "unit", "aria-hidden": "true" });
  #touched = false;
  #watch = new ResizeObserver(() => this.#touched || this.fit());

  /** @param {string} label what is shown */
  constructor(label) {
    const button = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ act) => h("button", { type: "button", "aria-label": name, title: name, onclick: act }, text);
    this.element = h("div", { class: "section-frame", role: "group", "aria-label": label }, this.#unit, this.#top, h("div", { class: "side-room" }, this.#side), this.view,
      h("div", { class: "row spread under" }, this.readout, h("span", { class: "row" },
        button("−", "Smaller", () => this.zoom(0.8)), button("+", "Larger", () => this.zoom(1.25)),
        button("↔", "Wider traces", () => this.widen(1.4)), button("→←", "Narrower traces", () => this.widen(1 / 1.4)), button("Fit", "Fit the whole section", () => this.fit()))));
    this.view.draw = (context, view) => this.#draw(context, view);
    this.view.addEventListener("hover", (event) => this.#read(/** @type {CustomEvent} */ (event).detail));
    for (const name of ["wheel", "pointermove", "keydown"]) this.view.addEventListener(name, (event) => (this.#touched ||= name !== "pointermove" || /** @type {PointerEvent} */ (event).buttons > 0), true);
    this.#watch.observe(this.view);
    frames.add(new WeakRef(this));
  }

  /** Another part of the data, shown as a whole. @param {Extent} extent */
  show(extent) {
    this.extent = extent;
    this.#unit.textContent = extent.interval === null ? "sample" : this.#seconds ? "s" : "ms";
    this.fit();
  }

  /** Seconds from a length at which milliseconds become long numbers. */
  get #seconds() {
    return (this.extent.samples * (this.extent.interval ?? 0)) / 1000 >= 20_000;
  }

  /** The whole section over the whole view. */
  fit() {
    const { clientWidth: w, clientHeight: t } = this.view;
    const { traces, samples } = this.extent;
    if (w && t) this.stretch = ((w / t) * samples) / traces;
    this.view.show(null, traces * this.stretch, samples);
    this.#touched = false;
  }

  /** @param {number} factor */
  zoom(factor) {
    this.#touched = true;
    this.view.zoom(factor);
  }

  /** Change the width of the traces alone, around the middle. @param {number} factor */
  widen(factor) {
    const { view } = this;
    const middle = view.clientWidth / 2;
    this.#touched = true;
    this.stretch *= factor;
    view.width *= factor;
    view.view = { ...view.view, x: middle - (middle - view.view.x) * factor };
    view.redraw();
  }

  redraw() {
    this.view.redraw();
  }

  /** Trace and sample at a place of the picture. @param {{ x: number, y: number }} place */
  at({ x, y }) {
    const { firstTrace, traces, samples } = this.extent;
    const [trace, sample] = [Math.floor(x / this.stretch), Math.floor(y)];
    return trace >= 0 && trace < traces && sample >= 0 && sample < samples ? { trace: firstTrace + trace, sample } : null;
  }

  /** The time of a sample in words. @param {number} sample */
  time(sample) {
    const { interval, delay } = this.extent;
    if (interval === null) return `sample ${sample}`;
    const ms = delay + (sample * interval) / 1000;
    return `${ms.toLocaleString(undefined, { maximumFractionDigits: 3 })} ms (sample ${sample})`;
  }

  /** @param {{ x: number, y: number }} place */
  #read(place) {
    const found = this.at(place);
    this.readout.textContent = found ? `Trace ${found.trace.toLocaleString()} · ${this.time(found.sample)}` : "";
  }

  /** @param {CanvasRenderingContext2D} context @param {import("../../elements/zoom-view.js").View} view */
  #draw(context, { scale, x, y }) {
    const { firstTrace, traces, samples, interval, delay } = this.extent;
    const across = scale * this.stretch;
    const { clientWidth: w, clientHeight: t } = this.view;
    const ratio = devicePixelRatio || 1;
    const part = { left: Math.max(0, -x / across), right: Math.min(traces, (w - x) / across), top: Math.max(0, -y / scale), bottom: Math.min(samples, (t - y) / scale) };
    context.imageSmoothingEnabled = across < 1 || scale < 1;
    context.imageSmoothingQuality = "high";
    const placeX = (/** @type {number} */ trace) => x + (trace - firstTrace) * across;
    const placeY = (/** @type {number} */ sample) => y + sample * scale;
    const onScreen = (/** @type {() => void} */ draw) => {
      context.save();
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      draw();
      context.restore();
    };
    if (part.right > part.left && part.bottom > part.top) this.paint({ context, part, stretch: this.stretch, across, down: scale, x: placeX, y: placeY, onScreen });
    traceRuler(this.#top, firstTrace + part.left, firstTrace + part.right, across, (trace) => placeX(trace + 0.5));
    const unit = interval === null ? 1 : interval / (this.#seconds ? 1_000_000 : 1000);
    const zero = interval === null ? 0 : delay / (this.#seconds ? 1000 : 1);
    timeRuler(this.#side, zero + part.top * unit, zero + part.bottom * unit, (value) => placeY((value - zero) / unit));
  }
}
