// One product: its photos with what was found in them, live while the analysis runs.

import { fill, h, icon } from "../../dom.js";
import { ask } from "../../elements/dialog.js";
import { patiently } from "../../faults.js";
import { refresh } from "../../queue.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import { About } from "./about.js";
import { again, analyses, cancel, correct, jobs, makePrimary, product as load, remove, removePhoto } from "./api.js";
import { badge } from "./board.js";
import { exportDialog } from "./exports.js";
import { findings } from "./findings.js";
import { Gallery } from "./gallery.js";
import { stale } from "./jobs.js";
import { follow } from "./live.js";
import { Sender } from "./sender.js";
import { stepList } from "./steps.js";

/** @param {string} id */
export async function productPage(id) {
  const page = new ProductPage(await load(id));
  await page.start();
  return page.element;
}

class ProductPage {
  heading = h("h1", {});
  status = h("span", {});
  live = h("div", { "aria-live": "polite" });
  panel = h("div", { class: "stack" });
  tools = h("div", { class: "row" });
  sender = new Sender("Add photos");
  /** @type {Map<string, import("./api.js").Analysis>} by photo */
  found = new Map();
  /** @type {Map<string, Map<string, import("./steps.js").Track>>} steps of the last job by photo */
  tracks = new Map();
  /** @type {Map<string, () => void>} open jobs and how to stop following them */
  open = new Map();
  /** @type {string | null} */
  chosen = null;
  /** @type {string | null} */
  marked = null;
  /** Counts loads and corrections, so that an answer from before the last of them is not taken for news. */
  #turn = 0;

  /** @param {import("./api.js").Product} product */
  constructor(product) {
    this.product = product;
    this.about = new About(product, (saved) => ((this.product = saved), this.drawHead()));
    this.gallery = new Gallery({ choose: (photo) => this.choose(photo), mark: (defect) => this.mark(defect) });
    this.sender.onchange = () => this.send();
    this.element = h("section", { class: "stack products" },
      h("p", {}, h("a", { href: "#/products" }, "‹ Products")),
      h("div", { class: "row spread" }, h("div", { class: "row title" }, this.heading, this.status),
        h("div", { class: "row" }, h("button", { type: "button", onclick: () => exportDialog({ product_id: product.id }) }, icon("download"), "Export"),
          h("button", { type: "button", onclick: () => this.drop() }, icon("trash"), "Delete product"))),
      h("div", { class: "split product" },
        h("div", { class: "stack" }, this.gallery.zoom, h("div", { class: "row spread" }, this.gallery.bar, this.tools), this.gallery.strip, this.sender.element, this.about.element),
        h("div", { class: "stack" }, this.live, this.panel)));
  }

  async start() {
    const { items } = await jobs({ limit: 50 });
    for (const job of items.filter((item) => item.product_id === this.product.id).reverse()) {
      if (job.status === "queued" || job.status === "processing") this.follow(job.id);
    }
    addEventListener("hashchange", () => this.leave(), { once: true });
    // Read after the list of jobs: what a job has found that ended before it was listed is in there, and nobody else would tell.
    await this.reload();
  }

  leave() {
    for (const stop of this.open.values()) stop();
    this.open.clear();
  }

  /** @param {import("./api.js").Analysis[]} list */
  keep(list) {
    this.found = new Map(list.map((analysis) => [analysis.product_image_id, analysis]));
  }

  get photo() {
    return this.product.images.find((photo) => photo.id === this.chosen) ?? null;
  }

  /** @param {string} job */
  follow(job) {
    if (this.open.has(job)) return;
    this.open.set(job, follow(job, (frame) => this.hear(job, frame).catch(toastError)));
  }

  /** @param {string} job @param {import("./api.js").Frame} frame */
  async hear(job, frame) {
    if (frame.type === "step_update" && frame.image_id && frame.step) {
      const steps = this.tracks.get(frame.image_id) ?? new Map();
      if (frame.status === "running" && frame.step === "preprocess") steps.clear();
      steps.set(frame.step, { status: frame.status, error: frame.status === "failed" ? frame.data?.error ?? null : null, data: frame.data, ms: null });
      this.tracks.set(frame.image_id, steps);
      if (frame.image_id === this.chosen) this.drawLive();
      const ended = frame.status === "failed" || (frame.step === "generate_description" && frame.status === "completed");
      if (!ended) return this.drawStrip();
      if (frame.snapshot) return;
    } else {
      this.open.delete(job);
      refresh();
      if (frame.status === "failed") toast(frame.data?.error ?? "The analysis failed.", "error");
    }
    await this.reload();
  }

  /** Everything anew from the server; what is shown stays in place. */
  async reload() {
    const turn = ++this.#turn;
    const [product, list] = await patiently(() => Promise.all([load(this.product.id), analyses(this.product.id)]));
    if (turn !== this.#turn) return;
    const missing = !product.images.some((photo) => photo.id === this.chosen);
    this.product = product;
    this.keep(list);
    this.about.take(product);
    this.drawHead();
    if (missing) this.choose(product.images[0]?.id ?? null);
    else this.drawPhoto();
  }

  /** @param {string | null} photo */
  choose(photo) {
    this.chosen = photo;
    this.marked = null;
    this.gallery.zoom.hidden = this.gallery.bar.hidden = !photo;
    const shown = this.photo;
    if (shown) this.gallery.show(shown);
    this.drawPhoto();
  }

  /** @param {string | null} defect */
  mark(defect) {
    if (defect === this.marked) return;
    this.marked = defect;
    this.gallery.mark(this.found.get(this.chosen ?? "")?.detected_defects ?? [], defect);
    for (const [index, button] of this.panel.querySelectorAll(".defects .grow").entries()) {
      button.setAttribute("aria-pressed", String(this.gallery.defects[index]?.id === defect));
    }
  }

  drawHead() {
    this.heading.textContent = this.product.title;
    fill(this.status, badge(this.product.status));
    document.title = `${this.product.title} – Pentaprism Studio`;
  }

  drawStrip() {
    this.gallery.strip.hidden = this.product.images.length < 2;
    this.gallery.list(this.product.images, this.chosen, (photo) => {
      const state = this.found.get(photo.id)?.status;
      const running = [...(this.tracks.get(photo.id)?.values() ?? [])].filter((track) => track.status === "completed").length;
      return state === "failed" ? "Failed" : photo.upload_status === "failed" ? "No picture" : this.open.size && this.tracks.has(photo.id) && running < 5 ? `${running} of 5` : null;
    });
  }

  drawLive() {
    const tracks = this.chosen ? this.tracks.get(this.chosen) : undefined;
    const analysis = this.chosen ? this.found.get(this.chosen) : undefined;
    const busy = this.open.size > 0;
    const failed = analysis?.status === "failed" && !busy;
    fill(this.live, tracks || failed ? h("section", { class: "card", "aria-label": "Analysis" },
      h("div", { class: "row spread" }, h("h2", {}, "Analysis"), busy ? h("button", { type: "button", onclick: () => this.cancel() }, "Cancel") : null),
      tracks ? stepList(tracks) : null,
      failed ? h("div", { class: "row", role: "alert" }, h("p", { class: "problem grow" }, analysis.error_message ?? "The analysis failed."), h("button", { type: "button", class: "primary", onclick: () => this.again() }, icon("retry"), "Try again")) : null) : null);
  }

  drawPhoto() {
    this.drawStrip();
    this.drawLive();
    const { photo } = this;
    const analysis = photo ? this.found.get(photo.id) : undefined;
    this.gallery.mark(analysis?.detected_defects ?? [], this.marked);
    fill(this.tools, photo ? [
      photo.is_primary ? null : h("button", { type: "button", onclick: () => this.act(() => makePrimary(photo.id)) }, "Make it the main photo"),
      h("button", { type: "button", onclick: () => this.again() }, icon("retry"), "Analyse again"),
      h("button", { type: "button", class: "plain", "aria-label": "Delete photo", title: "Delete photo", onclick: () => this.dropPhoto(photo) }, icon("trash"))] : null);
    const known = analysis && analysis.model_version !== "pending";
    const opened = Boolean(this.panel.querySelector("details[open]"));
    fill(this.panel, known ? findings(analysis, this.marked, { correct: (...words) => this.correct(...words), mark: (defect) => this.mark(defect) })
      : h("div", { class: "empty" }, photo ? (this.open.size ? "What is found shows up here in a moment." : "Nothing is known of this photo yet.") : "Add photos to see what is in them."));
    if (opened) this.panel.querySelector("details")?.setAttribute("open", "");
  }

  /** @param {import("./api.js").Feedback} feedback @param {{ text: string, feedback: import("./api.js").Feedback }} [undo] */
  async correct(feedback, undo) {
    const { photo } = this;
    if (!photo) return;
    const focused = document.activeElement?.getAttribute("aria-label");
    try {
      await correct(photo.id, feedback);
      await this.reload();
      if (undo) toast(undo.text, "success", { action: { label: "Undo", run: () => this.correct(undo.feedback) } });
    } catch (error) {
      toastError(error);
      this.drawPhoto();
    }
    if (focused) /** @type {HTMLElement | null} */ (this.panel.querySelector(`[aria-label="${CSS.escape(focused)}"]`))?.focus();
  }

  async send() {
    if (!this.sender.waiting.length || this.sender.items.some((item) => item.state === "sending")) return;
    try {
      const accepted = await this.sender.send(this.product.id);
      if (accepted.length) toast(accepted.length === 1 ? "The photo is here and is being looked at." : `${accepted.length} photos are here and are being looked at.`, "success");
      this.sender.clear();
      await this.started();
    } catch (error) {
      toastError(error);
    }
  }

  /** Jobs were made: show and follow them. */
  async started() {
    stale();
    refresh();
    const { items } = await jobs({ limit: 20 });
    for (const job of items) if (job.product_id === this.product.id && (job.status === "queued" || job.status === "processing")) this.follow(job.id);
    await this.reload();
  }

  again() {
    const { photo } = this;
    if (photo) this.act(() => again(photo.id));
  }

  cancel() {
    this.act(() => Promise.all([...this.open.keys()].map(cancel)));
  }

  /** @param {() => Promise<any>} deed */
  async act(deed) {
    try {
      await deed();
      await this.started();
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {import("./api.js").Photo} photo */
  async dropPhoto(photo) {
    if (await ask(`Delete ${photo.original_filename}?`, { detail: "The photo and what was found in it go for good.", confirm: "Delete", danger: true })) await this.act(() => removePhoto(photo.id));
  }

  async drop() {
    if (!(await ask(`Delete ${this.product.title}?`, { detail: `The product goes for good, with ${this.product.images.length === 1 ? "its photo" : `its ${this.product.images.length} photos`}.`, confirm: "Delete", danger: true }))) return;
    try {
      await remove(this.product.id);
      this.leave();
      refresh();
      go("/products");
    } catch (error) {
      toastError(error);
    }
  }
}
