// From pointer and keys to clicks and boxes. A click says what the object is, a drag draws a box, the middle button or the tool "Move"
// moves the picture; on touch screens one finger moves it and a tap clicks.

/** @typedef {"object" | "not" | "box" | "pick" | "move"} Tool */

const STILL = 5;

export class Pointing {
  /** @type {Tool} */
  tool = "object";
  /** @type {{ from: { x: number, y: number }, to: { x: number, y: number }, not: boolean } | null} */
  drag = null;
  /** Whether the keyboard is in use: then the middle of the view is the place for clicks. */
  aiming = false;

  /**
   * @param {import("../../elements/zoom-view.js").ZoomView} zoom
   * @param {{ click: (place: { x: number, y: number }, not: boolean) => void, frame: (box: import("./api.js").Box) => void, hover: (place: { x: number, y: number }) => void }} on
   */
  constructor(zoom, on) {
    this.zoom = zoom;
    this.on = on;
    const heard = (/** @type {string} */ name, /** @type {(detail: { x: number, y: number, event: PointerEvent }, event: Event) => void} */ deed) => zoom.addEventListener(name, (event) => deed(/** @type {CustomEvent} */ (event).detail, event));
    heard("press", (detail, event) => this.press(detail, event));
    heard("hover", (detail) => this.hover(detail));
    heard("release", (detail) => this.release(detail));
    heard("pick", (detail) => this.tool !== "move" && this.click(detail, detail.event.shiftKey));
    zoom.addEventListener("keydown", (event) => this.key(event));
    zoom.addEventListener("focusout", () => ((this.aiming = false), zoom.redraw()));
  }

  /** The middle of the view. */
  get middle() {
    const { scale, x, y } = this.zoom.view;
    return { x: (this.zoom.clientWidth / 2 - x) / scale, y: (this.zoom.clientHeight / 2 - y) / scale };
  }

  /** @param {{ x: number, y: number, event: PointerEvent }} detail @param {Event} press */
  press({ x, y, event }, press) {
    this.aiming = false;
    const draws = this.tool === "box" || (event.pointerType !== "touch" && (this.tool === "object" || this.tool === "not"));
    if (event.button !== 0 || !draws) return;
    press.preventDefault();
    /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
    this.drag = { from: { x, y }, to: { x, y }, not: event.shiftKey || this.tool === "not" };
  }

  /** @param {{ x: number, y: number }} place */
  hover(place) {
    if (this.drag) {
      this.drag.to = this.inside(place);
      this.zoom.redraw();
    } else this.on.hover(place);
  }

  /** @param {{ x: number, y: number, event: PointerEvent }} detail */
  release({ x, y, event }) {
    const { drag } = this;
    this.drag = null;
    if (!drag || event.type !== "pointerup") return;
    const still = Math.hypot(x - drag.from.x, y - drag.from.y) * this.zoom.view.scale < STILL;
    if (still) return this.click(drag.from, drag.not);
    const [a, b] = [this.inside(drag.from), this.inside({ x, y })];
    const box = { x1: Math.min(a.x, b.x), y1: Math.min(a.y, b.y), x2: Math.max(a.x, b.x), y2: Math.max(a.y, b.y) };
    if (box.x2 - box.x1 >= 1 && box.y2 - box.y1 >= 1) this.on.frame(box);
    else this.zoom.redraw();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.click(this.middle, event.shiftKey);
    }
    this.aiming = event.key !== "Shift" ? true : this.aiming;
    this.zoom.redraw();
  }

  /** @param {{ x: number, y: number }} place @param {boolean} not */
  click({ x, y }, not) {
    if (x < 0 || y < 0 || x > this.zoom.width || y > this.zoom.height) return;
    this.on.click(this.inside({ x, y }), not || this.tool === "not");
  }

  /** @param {{ x: number, y: number }} place */
  inside({ x, y }) {
    return { x: Math.min(Math.max(x, 0), this.zoom.width), y: Math.min(Math.max(y, 0), this.zoom.height) };
  }
}
