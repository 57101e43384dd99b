// The bench: one picture, clicks and boxes on it, the masks that answer them, and what becomes of these.

import { custom, fill, h, icon } from "../../dom.js";
import { save } from "../../download.js";
import { duration } from "../../format.js";
import { rewrite } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import "../../elements/zoom-view.js";
import { prompted, ready, send } from "./api.js";
import { engineChoice, engineWords } from "./engine.js";
import { Finder } from "./finder.js";
import { cutout, maskOf, under } from "./masks.js";
import { drawAim, drawBox, drawKept, drawMask, drawObject, drawPoint, hue } from "./paint.js";
import { remember } from "./picture.js";
import { Pointing } from "./pointing.js";
import { Prompts } from "./prompts.js";
import { keptList, proposals } from "./tray.js";

/** @typedef {import("./masks.js").Mask} Mask */

/** @type {[import("./pointing.js").Tool, string, string][]} */
const TOOLS = [
  ["object", "Object", "Click on the object, drag a box around it; with Shift: not this"], ["not", "Not this", "Click on what does not belong to the object"],
  ["box", "Box", "Drag a box around the object"], ["pick", "Pick", "Choose among everything that was found"], ["move", "Move", "Drag the picture"],
];

export class Bench {
  prompts = new Prompts();
  model = "";
  /** @type {import("./tray.js").Kept[]} */
  kept = [];
  /** @type {Mask[]} */
  all = [];
  /** @type {Set<Mask>} */
  picked = new Set();
  /** @type {Mask | null} */
  hovered = null;
  soft = h("input", { type: "checkbox", checked: true });
  trim = h("input", { type: "checkbox", checked: true });
  finder = new Finder({ picture: () => this.#stored.then(() => this.picture), model: () => this.model, found: (result) => this.given(result, true) });
  /** @type {import("../../elements/zoom-view.js").ZoomView} */
  zoom = custom("pt-zoom-view", { class: "bench-view" });
  object = h("section", { class: "card stack", "aria-label": "Object" });
  shelf = h("section", { class: "card stack", "aria-label": "Kept" });
  engine = h("div", { "aria-live": "polite" });
  above = h("div", { class: "above" });
  #number = 0;
  /** @type {Promise<void>} */
  #stored = Promise.resolve();
  #asked = new AbortController();

  /** @param {import("./picture.js").Picture} picture */
  constructor(picture) {
    this.picture = picture;
    this.pointing = new Pointing(this.zoom, { click: (place, not) => this.click(place, not), frame: (box) => this.ask(() => this.prompts.frame(box)), hover: (place) => this.hover(place) });
    this.zoom.draw = (context, { scale }) => this.draw(context, scale);
    this.tools = TOOLS.map(([name, text, title]) => h("button", { type: "button", title, "aria-pressed": String(name === "object"), onclick: () => this.take(name), dataset: { tool: name } }, text));
    this.back = h("button", { type: "button", class: "plain", "aria-label": "Undo the last click", title: "Undo (Ctrl+Z)", onclick: () => this.ask(() => this.prompts.undo()) }, icon("undo"));
    this.forth = h("button", { type: "button", class: "plain", "aria-label": "Redo", title: "Redo (Ctrl+Y)", onclick: () => this.ask(() => this.prompts.redo()) }, icon("redo"));
    this.clear = h("button", { type: "button", onclick: () => this.ask(() => this.prompts.clear()) }, "Start over");
    this.element = h("div", { class: "split bench" },
      h("div", { class: "stack" }, h("div", { class: "row bench-tools" }, h("div", { class: "row", role: "group", "aria-label": "Tools" }, this.tools), h("div", { class: "row" }, this.back, this.forth, this.clear,
        h("button", { type: "button", "aria-label": "Zoom in", onclick: () => this.zoom.zoom(1.4) }, "+"), h("button", { type: "button", "aria-label": "Zoom out", onclick: () => this.zoom.zoom(1 / 1.4) }, "−"), h("button", { type: "button", onclick: () => this.zoom.fit() }, "Fit"), h("a", { class: "button", href: "#/cutouts" }, "Another picture"))),
      h("div", { class: "stage-room" }, this.zoom, this.above),
      h("p", { class: "quiet small keys" }, "Click on the object; Shift-click on what is not part of it; drag a box around it. With the keyboard: arrows move the picture, Enter clicks in its middle.")),
      h("div", { class: "stack" }, this.object, this.shelf, this.finder.element, this.engine, engineChoice("", (model) => this.change(model))));
    this.zoom.show(picture.bitmap, picture.width, picture.height);
    this.refresh();
    // A button that has just become disabled has no focus any more; the keys work all the same.
    const keys = (/** @type {KeyboardEvent} */ event) => this.key(event);
    document.addEventListener("keydown", keys);
    addEventListener("hashchange", () => document.removeEventListener("keydown", keys), { once: true });
  }

  /** Send the picture; clicks made meanwhile are answered when it is there. */
  store() {
    const bar = custom("pt-progress", { label: `Upload of ${this.picture.name}` });
    const words = h("span", {}, "Sending the picture");
    fill(this.above, h("div", { class: "card sending-picture", role: "status" }, words, bar));
    const begun = performance.now();
    this.#stored = (async () => {
      const handle = await send(this.picture.blob, this.model, (share) => {
        bar.setAttribute("value", String(share * 100));
        if (share === 1) {
          words.textContent = "Getting ready for clicks";
          bar.removeAttribute("value");
        }
      });
      if (handle.width !== this.picture.width || handle.height !== this.picture.height) {
        this.picture = { ...this.picture, width: handle.width, height: handle.height };
        this.zoom.show(this.picture.bitmap, handle.width, handle.height);
      }
      this.picture.image = handle.image_id;
      remember(this.picture);
      if (this.element.isConnected) rewrite(`/cutouts/pictures/${handle.image_id}`);
      fill(this.engine, engineWords(handle), h("p", { class: "quiet small" }, `Ready after ${duration((performance.now() - begun) / 1000)}.`));
    })();
    this.#stored.then(() => fill(this.above), (error) => {
      fill(this.above, h("div", { class: "card sending-picture", role: "alert" }, h("p", { class: "problem" }, error.message), h("button", { type: "button", onclick: () => this.store() }, "Send again")));
    });
    return this.#stored;
  }

  /** Masks of an earlier job. @param {import("./api.js").Segmentation} result @param {boolean} many whether they are everything that was found */
  given(result, many) {
    const masks = result.masks.map((raw) => maskOf(raw, result.job_id));
    if (many) this.offer(masks);
    else {
      this.prompts.given({ masks, chosen: 0, engine: result.engine, fallback: result.fallback, warnings: result.warnings, took: 0 });
      this.refresh();
    }
    fill(this.engine, engineWords(result));
  }

  /** @param {import("./pointing.js").Tool} tool */
  take(tool) {
    this.pointing.tool = tool;
    this.hovered = null;
    for (const button of this.tools) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    this.zoom.redraw();
  }

  /** @param {{ x: number, y: number }} place @param {boolean} not */
  click({ x, y }, not) {
    if (this.pointing.tool !== "pick") return this.ask(() => this.prompts.click({ x, y, label: not ? 0 : 1 }));
    const mask = under(this.all, { x, y });
    if (mask && !this.picked.delete(mask)) this.picked.add(mask);
    this.refresh();
  }

  /** @param {{ x: number, y: number }} place */
  hover(place) {
    if (this.pointing.tool !== "pick") return;
    const mask = under(this.all, place);
    if (mask === this.hovered) return;
    this.hovered = mask;
    this.zoom.redraw();
  }

  /** Change the prompts and get their answer. @param {() => void} change */
  async ask(change) {
    change();
    const step = this.prompts.now;
    this.#asked.abort();
    this.#asked = new AbortController();
    this.refresh();
    if (step.answer || !this.prompts.complete) return;
    const { signal } = this.#asked;
    try {
      await this.#stored;
      if (this.prompts.now !== step) return;
      const result = await this.segment(step, signal);
      const masks = result.masks.map((raw) => maskOf(raw, result.job_id));
      step.answer = { masks, chosen: 0, engine: result.engine, fallback: result.fallback, warnings: result.warnings, took: result.processing_time_ms };
      if (this.prompts.now !== step) return;
      if (this.element.isConnected) rewrite(`/cutouts/jobs/${result.job_id}`);
      fill(this.engine, engineWords(result));
      this.refresh();
    } catch (error) {
      if (this.picture.image) toastError(error);
    }
  }

  /** @param {import("./prompts.js").Step} step @param {AbortSignal} signal @returns {Promise<import("./api.js").Segmentation>} */
  async segment(step, signal) {
    try {
      return await prompted(this.picture.image ?? "", this.model, step, signal);
    } catch (error) {
      // The server keeps pictures for a day; one that has gone is sent again.
      if (/** @type {any} */ (error).status !== 404) throw error;
      await this.store();
      return prompted(this.picture.image ?? "", this.model, step, signal);
    }
  }

  /** @param {string} model */
  async change(model) {
    this.model = model;
    this.prompts.forget();
    try {
      await this.#stored;
      fill(this.engine, h("p", { class: "quiet small" }, "Getting ready with the other engine …"));
      fill(this.engine, engineWords(await ready(this.picture.image ?? "", model)));
      await this.ask(() => null);
    } catch (error) {
      toastError(error);
    }
  }

  /** The mask that the clicks describe, or what was picked. @returns {Mask[]} */
  get current() {
    if (this.picked.size) return [...this.picked];
    const answer = this.prompts.now.answer;
    const mask = answer?.masks[answer.chosen];
    return mask ? [mask] : [];
  }

  keep() {
    for (const mask of this.current) this.kept.push({ id: ++this.#number, name: `${this.picture.name} ${this.#number}`, mask });
    this.picked.clear();
    this.prompts.clear();
    this.refresh();
  }

  /** @param {Mask[]} masks @param {string} name */
  async download(masks, name) {
    try {
      save(await cutout(this.picture, masks, { soft: this.soft.checked, trim: this.trim.checked }), `${name}.png`);
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {Mask[]} masks everything that was found */
  offer(masks) {
    this.all = masks;
    this.picked.clear();
    this.finder.tell(masks.length, () => {
      this.all = [];
      this.picked.clear();
      this.take("object");
      this.refresh();
    });
    if (masks.length) this.take("pick");
    this.refresh();
  }

  /** Draw everything that depends on the state. */
  refresh() {
    const step = this.prompts.now;
    const { answer } = step;
    this.back.disabled = !this.prompts.canUndo;
    this.forth.disabled = !this.prompts.canRedo;
    this.clear.disabled = !step.points.length && !step.box && !answer;
    /** @type {HTMLElement} */ (this.tools.find((button) => button.dataset.tool === "pick")).hidden = !this.all.length;
    const { current } = this;
    fill(this.object, h("h2", {}, this.picked.size ? `${this.picked.size} picked` : "Object"),
      this.picked.size ? null : answer ? proposals(this.picture, answer, (index) => ((answer.chosen = index), this.refresh())) : h("p", { class: "quiet waiting" }, this.said()),
      h("div", { class: "row" }, h("button", { type: "button", class: "primary", disabled: !current.length, onclick: () => this.download(current, this.picture.name) }, icon("download"), "Download PNG"),
        h("button", { type: "button", disabled: !current.length, onclick: () => this.keep() }, "Keep, next object")),
      h("div", { class: "row" }, h("label", { class: "row" }, this.soft, "Soft edge"), h("label", { class: "row" }, this.trim, "Cut to size")));
    this.shelf.hidden = !this.kept.length;
    fill(this.shelf, h("div", { class: "row spread" }, h("h2", {}, "Kept"), this.kept.length > 1 ? h("button", { type: "button", onclick: () => this.download(this.kept.map((item) => item.mask), `${this.picture.name} together`) }, "Download together") : null),
      keptList(this.picture, this.kept, { download: (masks, name) => this.download(masks, name), drop: (item) => this.letGo(item), rename: (item, name) => ((item.name = name.trim() || item.name), this.refresh()) }));
    this.zoom.redraw();
  }

  /** What to do next. */
  said() {
    const { points, box } = this.prompts.now;
    if (this.prompts.complete) return "Looking …";
    return points.length || box ? "Now click on the object itself." : "Click on anything in the picture.";
  }

  /** @param {import("./tray.js").Kept} item */
  letGo(item) {
    const before = this.kept;
    this.kept = before.filter((each) => each !== item);
    this.refresh();
    toast(`${item.name} let go.`, "info", { action: { label: "Undo", run: () => ((this.kept = before), this.refresh()) } });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (typing || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key === "z" || key === "y") {
      event.preventDefault();
      this.ask(() => (key === "y" || event.shiftKey ? this.prompts.redo() : this.prompts.undo()));
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} scale */
  draw(context, scale) {
    const step = this.prompts.now;
    for (const { mask } of this.kept) drawKept(context, scale, mask);
    const picking = this.pointing.tool === "pick";
    if (picking) for (const [index, mask] of this.all.entries()) drawMask(context, scale, mask, hue(index), this.picked.has(mask) ? 0.75 : mask === this.hovered ? 0.6 : 0.32, this.picked.has(mask) || mask === this.hovered);
    else for (const mask of this.picked) drawObject(context, scale, mask);
    const mask = step.answer?.masks[step.answer.chosen];
    if (mask && !picking) drawObject(context, scale, mask);
    if (step.box) drawBox(context, scale, step.box);
    for (const point of step.points) drawPoint(context, scale, point);
    const { drag } = this.pointing;
    if (drag) drawBox(context, scale, { x1: Math.min(drag.from.x, drag.to.x), y1: Math.min(drag.from.y, drag.to.y), x2: Math.max(drag.from.x, drag.to.x), y2: Math.max(drag.from.y, drag.to.y) });
    if (this.pointing.aiming) drawAim(context, scale, this.pointing.middle);
    if (step.answer && !step.painted) {
      step.painted = true;
      performance.measure("click to mask", { start: step.began, end: performance.now() });
    }
  }
}
