// One image: the picture with its outlines, the tools, and beside it the measurements, their spread, and the versions.

import { custom, fill, h, icon } from "../../dom.js";
import { ask } from "../../elements/dialog.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import "../../elements/zoom-view.js";
import { cancelRun, clearResult, deleteImage, image as loadImage, images, project as loadProject, resegment, restore, segmentation, version } from "./api.js";
import { calibrationDialog } from "./calibration.js";
import { exportDialog } from "./export.js";
import { histogram } from "./histogram.js";
import { follow } from "./live.js";
import { Model } from "./model.js";
import { Overlay } from "./overlay.js";
import { Picture } from "./picture.js";
import { runDialog } from "./run.js";
import { Saver } from "./saving.js";
import { runState, saveState } from "./states.js";
import { objectTable } from "./table.js";
import { tabs } from "./tabs.js";
import { toolbar } from "./toolbar.js";
import { Tools } from "./tools.js";
import { versionList } from "./versions.js";

const LOOK_MS = 1_000;

/** A page that can clean up behind itself. */
class ViewerElement extends HTMLElement {
  onleave = () => {};

  disconnectedCallback() {
    this.onleave();
  }
}
customElements.define("pt-cells-viewer", ViewerElement);

/** @param {string} id */
export default async function viewerPage(id) {
  const [image, found] = await Promise.all([loadImage(id), segmentation(id)]);
  const project = await loadProject(image.project_id);
  return new Viewer(image, found, project).element;
}

class Viewer {
  element = /** @type {ViewerElement} */ (custom("pt-cells-viewer", { class: "cells viewer" }));
  view = /** @type {import("../../elements/zoom-view.js").ZoomView} */ (custom("pt-zoom-view"));
  model = new Model();
  overlay = new Overlay(this.model);
  tools = new Tools(this.view, this.model, this.overlay);
  /** The version that is only looked at. @type {number | null} */
  looking = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  head = h("div", { class: "row spread viewer-head" });

  /** @param {import("./api.js").Image} image @param {import("./api.js").Segmentation} found @param {import("./api.js").Project} project */
  constructor(image, found, project) {
    this.image = image;
    this.found = found;
    this.project = project;
    this.mayEdit = project.permission !== "view";
    this.picture = new Picture(this.view, image, found.page ?? image.page);
    this.saver = new Saver(image.id, this.model);
    this.tools.mayEdit = this.mayEdit;
    this.bar = toolbar(this.tools, this.model, this.mayEdit, { pixelSize: () => this.image.pixel_size_um, calibrate: () => this.calibrate(), save: () => this.saver.flush() });
    this.saved = saveState(this.saver);
    this.run = runState({ cancel: () => cancelRun(image.id).then(() => this.reload()), again: () => resegment(image.id, { parameters: this.found.parameters }).then(() => this.reload()) });
    const calibrated = () => Boolean(this.image.pixel_size_um);
    this.table = objectTable(this.model, calibrated, (object) => this.bring(object));
    this.spread = histogram(this.model, calibrated);
    this.versions = versionList(image.id, this.mayEdit, { look: (number) => this.look(number).catch(toastError), restore: (number) => this.restore(number).catch(toastError) });
    this.notice = h("div", { class: "card notice", hidden: true });
    this.listen();
    this.draw();
    this.take(found);
    this.picture.load(this.picture.page).catch(toastError);
  }

  listen() {
    this.view.draw = (context, view) => {
      this.picture.draw(context, view);
      this.overlay.draw(context, view, this.view.clientWidth, this.view.clientHeight);
    };
    for (const news of ["change", "measure", "select", "hover"]) this.model.addEventListener(news, () => this.view.redraw());
    this.model.addEventListener("change", () => this.count());
    this.tools.addEventListener("tool", () => this.view.redraw());
    this.saver.addEventListener("document", (event) => {
      this.found = /** @type {CustomEvent} */ (event).detail;
      this.count();
      this.versions.load();
    });
    const keys = (/** @type {KeyboardEvent} */ event) => {
      const { target } = event;
      const typing = target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
      // A key belongs to the page, wherever the focus is: a button that was pressed may be gone.
      if (typing || event.defaultPrevented || (target instanceof Element && target.closest("dialog, pt-queue, .tabs")) || !this.bar.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener("keydown", keys, { capture: true });
    const stop = follow((news) => this.heard(news));
    const guard = (/** @type {BeforeUnloadEvent} */ event) => this.saver.dirty && event.preventDefault();
    addEventListener("beforeunload", guard);
    this.element.onleave = () => {
      stop();
      clearTimeout(this.timer);
      removeEventListener("beforeunload", guard);
      document.removeEventListener("keydown", keys, { capture: true });
      this.picture.close();
      this.saver.flush().then(() => this.saver.dirty && toast(`The last edits of ${this.image.name} were not saved.`, "error"));
    };
  }

  draw() {
    const { metadata, width, height, name } = this.image;
    const pages = h("select", { "aria-label": "Page", onchange: () => this.picture.load(Number(pages.value), true).catch(toastError) },
      Array.from({ length: metadata.pages }, (_, page) => h("option", { value: page, selected: page === this.picture.page }, `Page ${page + 1}`)));
    const outlines = h("input", { type: "checkbox", checked: true, onchange: () => ((this.overlay.outlines = outlines.checked), this.view.redraw()) });
    const labels = h("input", { type: "checkbox", onchange: () => ((this.overlay.labels = labels.checked), this.view.redraw()) });
    document.title = `${name} – Pentaprism Studio`;
    this.amount = h("span", {}, "");
    this.view.setAttribute("class", "viewer-picture");
    fill(this.head,
      h("div", { class: "grow" }, h("a", { href: `#/cells/projects/${this.project.id}`, class: "back" }, `‹ ${this.project.title}`), h("h1", { class: "break" }, name), h("p", { class: "quiet facts" }, `${width} × ${height} px · `, this.amount)),
      h("div", { class: "row" }, this.saved,
        this.mayEdit ? h("button", { type: "button", class: "primary", onclick: () => this.find().catch(toastError) }, icon("cells"), "Find cells") : null,
        this.mayEdit ? h("button", { type: "button", onclick: () => this.calibrate() }, "Calibrate") : null,
        h("button", { type: "button", onclick: () => this.saver.flush().then(() => exportDialog({ project: this.project, imageIds: [this.image.id] })) }, icon("download"), "Export"), this.steps(),
        this.mayEdit ? h("button", { type: "button", class: "plain", "aria-label": "Delete image", title: "Delete image", onclick: () => this.remove().catch(toastError) }, icon("trash")) : null));
    const zoom = h("span", { class: "row group" }, h("button", { type: "button", "aria-label": "Zoom in", onclick: () => this.view.zoom(1.4) }, "+"), h("button", { type: "button", "aria-label": "Zoom out", onclick: () => this.view.zoom(1 / 1.4) }, "−"),
      h("button", { type: "button", onclick: () => this.view.fit() }, "Fit"), metadata.pages > 1 ? pages : null, h("label", { class: "row check" }, outlines, "Outlines"), h("label", { class: "row check" }, labels, "Numbers"));
    const aside = tabs("Results", [{ title: "Objects", content: this.table.element }, { title: "Histogram", content: this.spread.element }, { title: "Versions", content: h("div", { class: "stack" }, this.versions.element, this.mayEdit ? h("button", { type: "button", class: "link", onclick: () => this.hide().catch(toastError) }, "Hide the result") : null), shown: () => this.versions.load() }]);
    fill(this.element, this.head, this.run.element, this.notice, h("div", { class: "split" }, h("div", { class: "stack stage" }, this.bar.bar, this.view, zoom, this.bar.hint), aside));
  }

  /** Links to the neighbours in the project. */
  steps() {
    const box = h("span", { class: "row group" });
    images(this.project.id, { limit: 500 }).then(({ images: all }) => {
      const at = all.findIndex(({ id }) => id === this.image.id);
      const [before, after] = [all[at - 1], all[at + 1]];
      fill(box, before ? h("a", { class: "button", href: `#/cells/images/${before.id}`, "aria-label": `Previous image: ${before.name}` }, "‹") : null, after ? h("a", { class: "button", href: `#/cells/images/${after.id}`, "aria-label": `Next image: ${after.name}` }, "›") : null);
    }).catch(toastError);
    return box;
  }

  /** Show a document as the present one. @param {import("./api.js").Segmentation} found */
  take(found) {
    this.found = found;
    this.looking = null;
    this.notice.hidden = true;
    this.tools.mayEdit = this.mayEdit;
    this.saver.version = found.version ?? 0;
    this.model.load(found.polygons);
    this.run.show(found);
    this.count();
    this.bar.draw();
  }

  count() {
    const size = this.image.pixel_size_um;
    const count = this.model.objects.length;
    const unit = size ? `${Number(size.x.toPrecision(4))} µm/px` : "not calibrated";
    if (this.amount) this.amount.textContent = `${count} object${count === 1 ? "" : "s"} · ${unit}${this.found.version ? ` · version ${this.found.version}` : ""}`;
  }

  async reload() {
    const found = await segmentation(this.image.id);
    const newer = (found.version ?? 0) !== this.saver.version;
    this.run.show(found);
    if (!newer || this.looking !== null) return;
    if (this.saver.dirty || this.tools.busy) toast("There is a newer result.", "info", { action: { label: "Show it", run: () => this.take(found) } });
    else this.take(found);
    this.versions.load();
  }

  /** @param {import("./live.js").News} news */
  heard({ event, data }) {
    if (event === "look") {
      if (this.run.active) this.reload().catch(() => null);
      return;
    }
    if (data?.imageId !== this.image.id) return;
    if (event === "segmentation-progress") this.run.advance(data.status, data.progress);
    else if (event.startsWith("segmentation-")) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.reload().catch(toastError), LOOK_MS / 10);
      if (data.current === false) toast("The run is done. Your edits stay; its result is among the versions.");
    } else if (event === "image-deleted") {
      toast(`${this.image.name} was deleted.`);
      go(`/cells/projects/${this.project.id}`);
    }
  }

  async find() {
    await this.saver.flush();
    await runDialog({ projectId: this.project.id, imageIds: [this.image.id], parameters: { ...this.found.parameters, page: this.picture.page }, pages: this.image.metadata.pages }, () => this.reload().catch(toastError));
  }

  calibrate() {
    const { ruler } = this.tools;
    calibrationDialog(this.image, this.mayEdit, ruler, async (changed) => {
      await this.saver.flush();
      this.image = changed ?? (await loadImage(this.image.id));
      this.take(await segmentation(this.image.id));
      toast("The calibration is changed.", "success");
    });
  }

  /** Look at an old version; the tools rest until the present one is shown again. @param {number} number */
  async look(number) {
    await this.saver.flush();
    const old = await version(this.image.id, number);
    this.looking = number;
    this.tools.choose("select");
    this.tools.mayEdit = false;
    this.model.load(old.polygons);
    fill(this.notice, h("div", { class: "row spread" }, h("span", {}, `You look at version ${number}. It is not changed.`), h("span", { class: "row" }, this.mayEdit ? h("button", { type: "button", class: "primary", onclick: () => this.restore(number).catch(toastError) }, "Restore it") : null,
      h("button", { type: "button", onclick: () => this.leaveOld().catch(toastError) }, "Back to the present"))));
    this.notice.hidden = false;
  }

  async leaveOld() {
    this.take(await segmentation(this.image.id));
  }

  /** @param {number} number */
  async restore(number) {
    await this.saver.flush();
    this.take(await restore(this.image.id, number));
    this.versions.load();
    toast(`Version ${number} is back.`, "success");
  }

  async hide() {
    await this.saver.flush();
    await clearResult(this.image.id);
    this.take(await segmentation(this.image.id));
    this.versions.load();
    toast("The result is hidden. Its versions can be brought back.");
  }

  async remove() {
    if (!(await ask(`Delete ${this.image.name}?`, { detail: "It goes with all its versions, for good.", confirm: "Delete", danger: true }))) return;
    await deleteImage(this.image.id);
    go(`/cells/projects/${this.project.id}`);
  }

  /** Move the picture so that an object can be seen. @param {import("./api.js").Polygon} object */
  bring(object) {
    const box = this.model.boxOf(object.points);
    const { clientWidth: w, clientHeight: t, view } = this.view;
    const [left, right, top, bottom] = [box.left * view.scale + view.x, box.right * view.scale + view.x, box.top * view.scale + view.y, box.bottom * view.scale + view.y];
    if (left >= 0 && top >= 0 && right <= w && bottom <= t && right - left > 12) return;
    const wanted = Math.min(16, Math.max(0.15 * w / Math.max(1, box.right - box.left), view.scale));
    this.view.zoom(wanted / view.scale);
    this.view.view.x = w / 2 - ((box.left + box.right) / 2) * this.view.view.scale;
    this.view.view.y = t / 2 - ((box.top + box.bottom) / 2) * this.view.view.scale;
    this.view.redraw();
  }
}
