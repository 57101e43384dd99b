// The photos of a product: one large with the defects drawn over it, the others in a strip below.

import { custom, fill, h, icon } from "../../dom.js";
import { toastError } from "../../toasts.js";
import "../../elements/zoom-view.js";
import { content, thumbnail } from "./api.js";
import { say } from "./words.js";

const COLOURS = { low: "#e0a100", medium: "#ee6c2c", high: "#e0243f" };
const PREVIEW = 1024;

export class Gallery {
  /** @type {import("../../elements/zoom-view.js").ZoomView} */
  zoom = custom("pt-zoom-view", { class: "photo" });
  strip = h("ul", { class: "strip", "aria-label": "Photos" });
  /** @type {import("./api.js").Defect[]} */
  defects = [];
  /** @type {string | null} the defect that is pointed at */
  marked = null;
  boxes = true;
  /** @type {string | null} */
  #address = null;
  #turn = 0;

  /** @param {{ choose: (photo: string) => void, mark: (defect: string | null) => void }} on */
  constructor(on) {
    this.on = on;
    this.zoom.draw = (context, view) => this.draw(context, view.scale);
    this.zoom.addEventListener("pick", (event) => on.mark(this.under(/** @type {CustomEvent} */ (event).detail)));
    const toggle = h("button", { type: "button", "aria-pressed": "true", onclick: () => {
      this.boxes = !this.boxes;
      toggle.setAttribute("aria-pressed", String(this.boxes));
      this.zoom.redraw();
    } }, "Defects");
    this.bar = h("div", { class: "row photo-tools" }, toggle,
      h("button", { type: "button", "aria-label": "Zoom in", onclick: () => this.zoom.zoom(1.4) }, "+"), h("button", { type: "button", "aria-label": "Zoom out", onclick: () => this.zoom.zoom(1 / 1.4) }, "−"),
      h("button", { type: "button", onclick: () => this.zoom.fit() }, "Fit"));
  }

  /** Show a photo: its boxes and the small picture at once, the stored one as soon as it is here. @param {import("./api.js").Photo} photo */
  async show(photo) {
    const turn = ++this.#turn;
    this.defects = [];
    const small = thumbnail(photo, PREVIEW);
    this.zoom.show(null, photo.width ?? undefined, photo.height ?? undefined);
    this.zoom.redraw();
    if (!small) return;
    let whole = false;
    const preview = picture(small).then((image) => turn === this.#turn && !whole && this.put(image), () => null);
    try {
      const address = URL.createObjectURL(await content(photo.id));
      const full = await picture(address);
      if (this.#address) URL.revokeObjectURL(this.#address);
      this.#address = address;
      if (turn !== this.#turn) return;
      whole = true;
      this.put(full);
      await preview;
    } catch (error) {
      if (turn === this.#turn) toastError(error);
    }
  }

  /** Draw a picture where the photo stands, however far somebody has zoomed in meanwhile. @param {HTMLImageElement} image */
  put(image) {
    if (!this.zoom.width) return this.zoom.show(image);
    this.zoom.picture = image;
    this.zoom.redraw();
  }

  /** @param {import("./api.js").Photo[]} photos @param {string | null} chosen @param {(photo: import("./api.js").Photo) => string | null} state what is said of a photo */
  list(photos, chosen, state) {
    const focused = this.strip.contains(document.activeElement);
    fill(this.strip, photos.map((photo, index) => {
      const source = thumbnail(photo, 128);
      const said = state(photo);
      return h("li", {}, h("button", { type: "button", "aria-pressed": String(photo.id === chosen), "aria-label": `Photo ${index + 1}: ${photo.original_filename}${photo.is_primary ? ", main photo" : ""}`, onclick: () => this.on.choose(photo.id) },
        source ? h("img", { src: source, alt: "" }) : icon("products"), photo.is_primary ? h("span", { class: "chip main" }, "Main") : null, said ? h("span", { class: "chip state" }, said) : null));
    }));
    if (focused) /** @type {HTMLElement | null} */ (this.strip.querySelector('[aria-pressed="true"]'))?.focus();
  }

  /** @param {import("./api.js").Defect[]} defects @param {string | null} marked */
  mark(defects, marked) {
    this.defects = defects;
    this.marked = marked;
    this.zoom.redraw();
  }

  /** @param {CanvasRenderingContext2D} context @param {number} scale */
  draw(context, scale) {
    if (!this.boxes) return;
    for (const defect of this.defects) {
      const { x, y, width, height } = defect.bounding_box;
      const marked = defect.id === this.marked;
      const rejected = defect.user_verdict === "rejected";
      context.globalAlpha = rejected && !marked ? 0.45 : 1;
      context.setLineDash(rejected ? [6 / scale, 4 / scale] : []);
      context.lineWidth = (marked ? 5 : 4) / scale;
      context.strokeStyle = "rgb(255 255 255 / 85%)";
      context.strokeRect(x, y, width, height);
      context.lineWidth = (marked ? 3.5 : 2) / scale;
      context.strokeStyle = COLOURS[defect.severity];
      context.strokeRect(x, y, width, height);
      if (marked) label(context, scale, defect);
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** The smallest box under a place. @param {{ x: number, y: number }} place @returns {string | null} */
  under({ x, y }) {
    const room = 4 / this.zoom.view.scale;
    const hit = this.defects.filter(({ bounding_box: box }) => x >= box.x - room && y >= box.y - room && x <= box.x + box.width + room && y <= box.y + box.height + room);
    const area = (/** @type {import("./api.js").Defect} */ defect) => defect.bounding_box.width * defect.bounding_box.height;
    return hit.sort((a, b) => area(a) - area(b))[0]?.id ?? null;
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {import("./api.js").Defect} defect */
function label(context, scale, defect) {
  const text = `${say(defect.defect_type)}, ${defect.severity}`;
  const { x, y, height } = defect.bounding_box;
  context.font = `${13 / scale}px system-ui, sans-serif`;
  const wide = context.measureText(text).width + 10 / scale;
  const top = y > 24 / scale ? y - 23 / scale : y + height + 4 / scale;
  context.fillStyle = COLOURS[defect.severity];
  context.fillRect(x, top, wide, 19 / scale);
  context.fillStyle = "#fff";
  context.fillText(text, x + 5 / scale, top + 14 / scale);
}

/** @param {string} address @returns {Promise<HTMLImageElement>} decoded and ready to be drawn */
async function picture(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
