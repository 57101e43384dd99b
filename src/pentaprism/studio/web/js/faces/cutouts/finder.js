// The card about everything in the picture: find it all to pick from, or have it all cut out.

import { fill, h } from "../../dom.js";
import { go, rewrite } from "../../router.js";
import { toastError } from "../../toasts.js";
import { everything, extract, segmentation } from "./api.js";
import { Settings, shown } from "./everything.js";

const SMALLEST = 5000;
/** Share of the picture below which an object is not cut out. */
const LEAST_SHARE = 1 / 500;

export class Finder {
  settings = new Settings();
  run = h("div", { class: "run" });
  found = h("div", {});

  /** @param {{ picture: () => Promise<import("./picture.js").Picture>, model: () => string, found: (result: import("./api.js").Segmentation) => void }} bench */
  constructor(bench) {
    this.bench = bench;
    this.element = h("section", { class: "card stack", "aria-label": "Everything" }, h("h2", {}, "Everything in the picture"),
      h("div", { class: "row" }, h("button", { type: "button", onclick: () => this.findAll().catch(toastError) }, "Find everything"), h("button", { type: "button", onclick: () => this.cutAll().catch(toastError) }, "Cut out every object")),
      this.run, this.found, this.settings.element);
  }

  async findAll() {
    const values = this.settings.values;
    if (!values) return;
    const picture = await this.bench.picture();
    const { job_id: id } = await everything(picture.image ?? "", this.bench.model(), values);
    if (!(await shown(this.run, "Finding everything", id))) return;
    const result = await segmentation(id);
    rewrite(`/cutouts/jobs/${id}`);
    this.bench.found(result);
  }

  async cutAll() {
    const values = this.settings.values;
    if (!values) return;
    const { image, width, height } = await this.bench.picture();
    const smallest = Math.min(SMALLEST, Math.round(width * height * LEAST_SHARE));
    const { job_id: id } = await extract(image ?? "", this.bench.model(), { ...values, min_pixels: Math.max(1, smallest) });
    if (await shown(this.run, "Cutting out every object", id)) go(`/cutouts/jobs/${id}`);
  }

  /** Say how much was found. @param {number} count @param {() => void} putAway */
  tell(count, putAway) {
    if (!count) fill(this.found, h("p", { class: "quiet" }, "Nothing was found. Lower the least quality in the settings."));
    else fill(this.found, h("p", {}, `${count === 1 ? "1 thing" : `${count} things`} found. Click on those that you want.`), h("div", { class: "row" }, h("button", { type: "button", onclick: () => (fill(this.found), putAway()) }, "Put away")));
  }
}
