// The images of a project with thumbnails; their state follows the server by itself.

import { custom, fill, h, icon } from "../../dom.js";
import { ago, bytes } from "../../format.js";
import { toastError } from "../../toasts.js";
import { images, queue, signed } from "./api.js";
import { follow } from "./live.js";
import "../../elements/progress-bar.js";

const PAGE = 60;
const SOON_MS = 250;
const PAUSE_MS = 250;
export const STATES = { without_segmentation: "Not looked at", queued: "Waiting", processing: "Running", completed: "Done", failed: "Failed" };
const CHIPS = { without_segmentation: "", queued: "busy", processing: "busy", completed: "good", failed: "bad" };
const ORDERS = { "created_at desc": "Newest first", "created_at asc": "Oldest first", "name asc": "By name" };

/** @typedef {import("./api.js").Image} Image */

export class Gallery {
  total = 0;
  /** @type {Set<string>} */
  chosen = new Set();
  /** @type {() => void} */
  onchoose = () => {};
  /** Results have changed. @type {() => void} */
  onresults = () => {};
  #projectId;
  #mayEdit;
  #limit = PAGE;
  /** @type {Image[]} */
  #images = [];
  /** @type {Map<string, number>} */
  #progress = new Map();
  /** @type {Map<string, { told: string, row: HTMLElement }>} */
  #cards = new Map();
  #asked = 0;
  #seen = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #grid = h("ul", { class: "grid gallery" });
  #count = h("small", {});
  #more = h("button", { type: "button", onclick: () => ((this.#limit += PAGE), this.reload().catch(toastError)) }, "Show more");
  #search = h("input", { type: "search", "aria-label": "Search images", placeholder: "Search by name", oninput: () => this.#later(PAUSE_MS) });
  #state = h("select", { "aria-label": "State", onchange: () => this.reload().catch(toastError) }, h("option", { value: "" }, "Every state"), Object.entries(STATES).map(([value, text]) => h("option", { value }, text)));
  #order = h("select", { "aria-label": "Order", onchange: () => this.reload().catch(toastError) }, Object.entries(ORDERS).map(([value, text]) => h("option", { value }, text)));

  /** @param {string} projectId @param {boolean} mayEdit */
  constructor(projectId, mayEdit) {
    this.#projectId = projectId;
    this.#mayEdit = mayEdit;
    const all = h("button", { type: "button", class: "link", onclick: () => this.choose(this.#images.map((image) => image.id)) }, "Choose all shown");
    this.element = h("div", { class: "stack" }, h("div", { class: "row tools-row" }, this.#search, this.#state, this.#order, this.#count, all), this.#grid, h("div", { class: "row" }, this.#more));
    const stop = follow((news) => {
      if (this.element.isConnected) this.#seen = true;
      else if (this.#seen) return stop();
      this.#heard(news);
    });
  }

  /** @param {import("./live.js").News} news */
  #heard({ event, data }) {
    if (data && data.projectId !== this.#projectId) return;
    if (event === "segmentation-progress") {
      const known = this.#images.find((image) => image.id === data.imageId);
      if (!known) return;
      if (known.status === data.status) this.#advance(data.imageId, data.progress);
      else this.#later(SOON_MS);
    } else if (event === "segmentation-complete") {
      this.#later(SOON_MS);
      this.onresults();
    } else if (event.startsWith("segmentation-") || event.startsWith("image-") || event === "project-updated") this.#later(SOON_MS);
    else if (event === "look" && this.#images.some((image) => image.status === "queued" || image.status === "processing")) this.#look().catch(() => null);
  }

  /** Without a socket: ask the queue, and reload when it has changed. */
  async #look() {
    const { processingImages, queuedImages } = await queue(this.#projectId);
    const states = new Map([...queuedImages.map((each) => /** @type {const} */ ([each.id, "queued"])), ...processingImages.map((each) => /** @type {const} */ ([each.id, "processing"]))]);
    for (const each of processingImages) this.#advance(each.id, each.progress ?? 0);
    const stale = this.#images.filter((image) => (image.status === "queued" || image.status === "processing") && states.get(image.id) !== image.status);
    if (!stale.length) return;
    await this.reload();
    this.onresults();
  }

  /** @param {number} wait */
  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reload().catch(toastError), wait);
  }

  async reload() {
    clearTimeout(this.#timer);
    const visit = (this.#asked += 1);
    const [sort_field, sort_direction] = this.#order.value.split(" ");
    /** @type {Image[]} */
    const found = [];
    let total = 0;
    do {
      const part = await images(this.#projectId, { limit: Math.min(500, this.#limit - found.length), offset: found.length, search: this.#search.value.trim(), status: this.#state.value, sort_field, sort_direction });
      found.push(...part.images);
      total = part.total;
      if (!part.images.length) break;
    } while (found.length < Math.min(this.#limit, total));
    if (visit !== this.#asked) return;
    this.#images = found;
    this.total = this.#search.value || this.#state.value ? Math.max(this.total, total) : total;
    this.#count.textContent = total === 1 ? "1 image" : `${total} images`;
    this.#more.hidden = found.length >= total;
    this.#draw();
  }

  #draw() {
    const cards = new Map(this.#images.map((image) => {
      const told = `${image.status} ${image.name} ${image.pixel_size_um?.x ?? ""}`;
      const known = this.#cards.get(image.id);
      return [image.id, known?.told === told ? known : { told, row: this.#card(image) }];
    }));
    const filtered = Boolean(this.#search.value || this.#state.value);
    const empty = filtered ? "No image fits." : this.#mayEdit ? "No images yet. Drop files into the box above." : "No images yet.";
    if (!cards.size) fill(this.#grid, h("li", { class: "empty" }, empty));
    else {
      // Cards that stay are moved, not made again: their pictures do not flicker.
      const rows = [...cards.values()].map(({ row }) => row);
      rows.forEach((row, index) => this.#grid.children[index] !== row && this.#grid.insertBefore(row, this.#grid.children[index] ?? null));
      while (this.#grid.children.length > rows.length) this.#grid.lastElementChild?.remove();
    }
    this.#cards = cards;
    const known = new Set(cards.keys());
    if ([...this.chosen].some((id) => !known.has(id))) this.choose([...this.chosen].filter((id) => known.has(id)));
  }

  /** @param {Image} image */
  #card(image) {
    const box = h("input", { type: "checkbox", "aria-label": `Choose ${image.name}`, checked: this.chosen.has(image.id), onchange: () => (box.checked ? this.chosen.add(image.id) : this.chosen.delete(image.id), this.onchoose()) });
    const bar = custom("pt-progress", { label: `Progress of ${image.name}` });
    bar.setAttribute("value", String(this.#progress.get(image.id) ?? 0));
    const active = image.status === "queued" || image.status === "processing";
    const size = image.pixel_size_um ? ` · ${Number(image.pixel_size_um.x.toPrecision(3))} µm/px` : "";
    return h("li", { class: "card image-card", dataset: { id: image.id } },
      h("a", { href: `#/cells/images/${image.id}`, class: "thumb", "aria-label": `Open ${image.name}` }, h("img", { src: signed(image.thumbnail_url), alt: "", loading: "lazy", onerror: (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target).replaceWith(icon("cells")) })),
      h("label", { class: "row" }, box, h("span", { class: "ellipsis grow", title: image.name }, image.name)),
      h("div", { class: "row spread" }, h("span", { class: `chip ${CHIPS[image.status]}` }, STATES[image.status]), h("small", {}, ago(image.created_at))),
      h("small", { class: "block" }, `${image.width} × ${image.height} · ${bytes(image.size)}${size}`), h("div", { class: "bar-room" }, active ? bar : null));
  }

  /** @param {string} id @param {number} progress */
  #advance(id, progress) {
    this.#progress.set(id, progress);
    this.#cards.get(id)?.row.querySelector("pt-progress")?.setAttribute("value", String(progress));
  }

  /** @param {Iterable<string>} ids */
  choose(ids) {
    this.chosen = new Set(ids);
    for (const [id, { row }] of this.#cards) {
      const box = row.querySelector("input");
      if (box) box.checked = this.chosen.has(id);
    }
    this.onchoose();
  }
}
