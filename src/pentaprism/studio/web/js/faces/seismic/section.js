// A section to look at: small ones as one preview, large ones as the server's tiles, wiggles as a preview of the window that is seen.

import { h } from "../../dom.js";
import { linked, refusal } from "./api.js";
import { Frame } from "./frame.js";
import { drawing, lastLook } from "./look.js";
import { drawMarks } from "./marks.js";
import { Tiles } from "./tiles.js";

const SMALL = 1_000_000;
const LARGEST = 4096;
const MOST_WIGGLES = 400;
const SETTLED_MS = 180;

/** @typedef {{ image: HTMLImageElement, left: number, top: number, width: number, height: number }} Overlay */

export class Section {
  /** @type {import("./marks.js").Marks[]} */
  marks = [];
  #look = lastLook();
  /** @type {Tiles | null} */
  #tiles = null;
  /** @type {HTMLImageElement | null} */
  #picture = null;
  /** @type {Overlay | null} */
  #overlay = null;
  #asked = "";
  #latest = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;

  /** @param {import("./api.js").Dataset} dataset */
  constructor(dataset) {
    this.dataset = dataset;
    this.note = h("p", { class: "note", role: "status", hidden: true });
    this.frame = new Frame(`Section ${dataset.name}`);
    this.frame.paint = (scene) => this.#paint(scene);
    this.element = h("div", { class: "section" }, this.frame.element, this.note);
    this.window = { firstTrace: 0, traces: dataset.traces ?? 1 };
    /** @type {number | null} */
    this.gather = null;
    this.show(null);
  }

  /** Only one gather, or everything. @param {import("./api.js").Gather | null} gather */
  show(gather) {
    this.gather = gather?.index ?? null;
    this.#picture = null;
    this.#tiles = null;
    this.window = gather ? { firstTrace: gather.first_trace, traces: gather.traces } : { firstTrace: 0, traces: this.dataset.traces ?? 1 };
    this.frame.show({ ...this.window, samples: this.dataset.samples ?? 1, interval: this.dataset.sample_interval_us, delay: this.dataset.layout?.delay_ms ?? 0 });
    this.#source();
  }

  /** @param {import("./look.js").Look} look */
  set look(look) {
    this.#look = look;
    this.#source();
  }

  /** @param {import("./marks.js").Marks[]} marks */
  mark(marks) {
    this.marks = marks;
    this.frame.redraw();
  }

  /** Where the pixels come from. */
  #source() {
    const samples = this.dataset.samples ?? 1;
    const { firstTrace, traces } = this.window;
    this.#asked = "";
    this.#overlay = null;
    this.#say("");
    if (this.dataset.tiles && (traces * samples > SMALL || Math.max(traces, samples) > LARGEST)) {
      this.#picture = null;
      this.#tiles = new Tiles(this.dataset.tiles.url_template, { ...drawing(this.#look), gather: this.gather }, traces, samples, () => this.frame.redraw(), (problem) => this.#say(problem));
    } else {
      // A pixel a trace and a sample; the smallest picture is 16 pixels wide and high.
      const address = linked(this.dataset.preview_url, {
        ...drawing(this.#look), width: traces * Math.ceil(16 / traces), height: samples * Math.ceil(16 / samples), first_trace: firstTrace, traces,
      });
      this.#load(address, (image) => (this.#picture = image));
    }
    this.frame.redraw();
  }

  /** @param {string} address @param {(image: HTMLImageElement) => void} done */
  #load(address, done) {
    const mine = ++this.#latest;
    const image = new Image();
    image.addEventListener("load", () => {
      if (mine !== this.#latest) return;
      done(image);
      this.frame.redraw();
    });
    image.addEventListener("error", () => mine === this.#latest && refusal(address).then((problem) => this.#say(problem)));
    image.src = address;
  }

  /** @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  /** @param {import("./frame.js").Scene} scene */
  #paint(scene) {
    const { context, part, stretch, across, down } = scene;
    const { traces } = this.window;
    const samples = this.dataset.samples ?? 1;
    if (this.#tiles) this.#tiles.draw(context, part, stretch, across, down);
    else if (this.#picture) context.drawImage(this.#picture, 0, 0, traces * stretch, samples);
    if (this.#look.mode !== "density") this.#wiggles(scene);
    drawMarks(scene, this.marks, this.element);
  }

  /** @param {import("./frame.js").Scene} scene */
  #wiggles({ context, part, stretch, across, down }) {
    const left = Math.floor(part.left);
    const count = Math.ceil(part.right) - left;
    if (count > MOST_WIGGLES) {
      this.#asked = "";
      this.#overlay = null;
      this.#say(`Wiggles are drawn for up to ${MOST_WIGGLES} traces; ${count.toLocaleString()} are seen. Zoom in${this.dataset.geometry && this.dataset.geometry.gathers > 1 && this.gather === null ? " or choose a gather" : ""}.`);
      return;
    }
    const top = Math.floor(part.top);
    const height = Math.ceil(part.bottom) - top;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const fit = (/** @type {number} */ pixels) => Math.round(Math.min(Math.max(pixels * ratio, 16), LARGEST));
    const place = { left, top, width: count, height };
    const address = linked(this.dataset.preview_url, {
      ...drawing(this.#look), mode: this.#look.mode, first_trace: this.window.firstTrace + left, traces: count, first_sample: top, samples: height, width: fit(count * across), height: fit(height * down),
    });
    if (address !== this.#asked) {
      this.#asked = address;
      this.#say("");
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => address === this.#asked && this.#fetchOverlay(address, place), SETTLED_MS);
    }
    if (!this.#overlay) return;
    const overlay = this.#overlay;
    context.drawImage(overlay.image, overlay.left * stretch, overlay.top, overlay.width * stretch, overlay.height);
  }

  /** @param {string} address @param {Omit<Overlay, "image">} place */
  #fetchOverlay(address, place) {
    const image = new Image();
    image.addEventListener("load", () => {
      if (address !== this.#asked) return;
      this.#overlay = { image, ...place };
      this.frame.redraw();
    });
    image.addEventListener("error", () => address === this.#asked && refusal(address).then((problem) => this.#say(problem)));
    image.src = address;
  }
}
