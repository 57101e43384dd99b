// <pt-zoom-view>: a picture of any size with zoom and pan. Layers are drawn by the page: `draw(context, view)` is called in picture
// coordinates after the picture itself, `view.scale` is screen pixels per picture pixel.

import { h } from "../dom.js";

/** @typedef {{ scale: number, x: number, y: number }} View  x, y: screen place of the picture's corner */

export class ZoomView extends HTMLElement {
  /** @type {HTMLImageElement | HTMLCanvasElement | ImageBitmap | null} */
  picture = null;
  /** Size of the picture in its own pixels; the drawn bitmap may be a smaller preview of it. */
  width = 0;
  height = 0;
  /** @type {((context: CanvasRenderingContext2D, view: View) => void) | null} */
  draw = null;
  /** @type {View} */
  view = { scale: 1, x: 0, y: 0 };
  smooth = true;
  #canvas = h("canvas", { tabIndex: 0, "aria-label": "Picture: drag to move, wheel or + and - to zoom, 0 to fit" });
  #frame = 0;
  /** @type {Map<number, {x: number, y: number}>} */
  #fingers = new Map();
  #moved = false;
  /** Whether the whole picture is shown, so that it stays so when the view changes its size. */
  #fitted = true;
  #watch = new ResizeObserver(() => this.resized());

  connectedCallback() {
    this.append(this.#canvas);
    this.#watch.observe(this);
    const canvas = this.#canvas;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.up(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  disconnectedCallback() {
    this.#watch.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  /** Show a picture, the whole of it. @param {ZoomView["picture"]} picture @param {number} [width] @param {number} [height] */
  show(picture, width, height) {
    this.picture = picture;
    const own = /** @type {any} */ (picture);
    this.width = width ?? own?.naturalWidth ?? own?.width ?? 0;
    this.height = height ?? own?.naturalHeight ?? own?.height ?? 0;
    this.fit();
  }

  /** The whole picture in the middle. */
  fit() {
    const { clientWidth: w, clientHeight: t } = this;
    if (!this.width || !w) return;
    const scale = Math.min(w / this.width, t / this.height);
    this.view = { scale, x: (w - this.width * scale) / 2, y: (t - this.height * scale) / 2 };
    this.#fitted = true;
    this.redraw();
  }

  /** Zoom by a factor around a place on the screen. @param {number} factor @param {number} [cx] @param {number} [cy] */
  zoom(factor, cx = this.clientWidth / 2, cy = this.clientHeight / 2) {
    const scale = Math.min(Math.max(this.view.scale * factor, 0.005), 64);
    const share = scale / this.view.scale;
    this.view = { scale, x: cx - (cx - this.view.x) * share, y: cy - (cy - this.view.y) * share };
    this.#fitted = false;
    this.redraw();
  }

  /** The place in the picture under the pointer. @param {{ clientX: number, clientY: number }} event */
  at(event) {
    const box = this.#canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left - this.view.x) / this.view.scale, y: (event.clientY - box.top - this.view.y) / this.view.scale };
  }

  /** Draw again at the next frame. */
  redraw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.paint());
  }

  resized() {
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.round(this.clientWidth * ratio);
    this.#canvas.height = Math.round(this.clientHeight * ratio);
    if (this.#fitted) this.fit();
    this.redraw();
  }

  paint() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    const ratio = devicePixelRatio || 1;
    const { scale, x, y } = this.view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
    context.imageSmoothingEnabled = this.smooth && scale < 3;
    if (this.picture) context.drawImage(this.picture, 0, 0, this.width, this.height);
    this.draw?.(context, this.view);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const box = this.#canvas.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - box.left, event.clientY - box.top);
  }

  /** @param {PointerEvent} event */
  down(event) {
    this.#moved = false;
    if (!this.dispatchEvent(new CustomEvent("press", { detail: { ...this.at(event), event }, cancelable: true }))) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  /** @param {PointerEvent} event */
  move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) {
      this.dispatchEvent(new CustomEvent("hover", { detail: { ...this.at(event), event } }));
      return;
    }
    const others = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    if (others.length) {
      const box = this.#canvas.getBoundingClientRect();
      const [other] = others;
      const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const then = Math.hypot(before.x - other.x, before.y - other.y) || 1;
      this.zoom(now / then, (event.clientX + other.x) / 2 - box.left, (event.clientY + other.y) / 2 - box.top);
    }
    this.view.x += (event.clientX - before.x) / (others.length + 1);
    this.view.y += (event.clientY - before.y) / (others.length + 1);
    this.#fitted = false;
    if (Math.hypot(event.clientX - before.x, event.clientY - before.y) > 1) this.#moved = true;
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.redraw();
  }

  /** @param {PointerEvent} event */
  up(event) {
    const held = this.#fingers.delete(event.pointerId);
    if (held && !this.#moved && event.type === "pointerup") this.dispatchEvent(new CustomEvent("pick", { detail: { ...this.at(event), event } }));
    this.dispatchEvent(new CustomEvent("release", { detail: { ...this.at(event), event } }));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = 60;
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), 0: () => this.fit(),
      ArrowLeft: () => (this.view.x += step), ArrowRight: () => (this.view.x -= step), ArrowUp: () => (this.view.y += step), ArrowDown: () => (this.view.y -= step),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#fitted = false;
    keys[event.key]();
    this.redraw();
  }
}

customElements.define("pt-zoom-view", ZoomView);
