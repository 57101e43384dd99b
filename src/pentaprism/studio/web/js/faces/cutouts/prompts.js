// The clicks and the box that describe one object, step by step, with the way back. Each step keeps its answer, so that undo paints at once.

/** @typedef {{ masks: import("./masks.js").Mask[], chosen: number, engine: import("./api.js").Engine, fallback: import("./api.js").Fallback | null, warnings: string[], took: number }} Answer */
/** @typedef {{ points: import("./api.js").Point[], box: import("./api.js").Box | null, answer: Answer | null, began: number, painted: boolean }} Step */

export class Prompts {
  /** @type {Step[]} */
  #steps = [fresh([], null)];
  #at = 0;

  /** Where the work stands. */
  get now() {
    return this.#steps[this.#at];
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#steps.length - 1;
  }

  /** Whether there is something to ask for: a negative click alone describes nothing. */
  get complete() {
    const { points, box } = this.now;
    return box !== null || points.some((point) => point.label === 1);
  }

  /** A click. One on the object outside of the box makes the box larger. @param {import("./api.js").Point} point */
  click(point) {
    const { points, box } = this.now;
    const grown = box && point.label === 1 ? { x1: Math.min(box.x1, point.x - 1), y1: Math.min(box.y1, point.y - 1), x2: Math.max(box.x2, point.x + 1), y2: Math.max(box.y2, point.y + 1) } : box;
    this.#push(fresh([...points, point], grown));
  }

  /** A box; clicks inside stay, those on the object outside go. @param {import("./api.js").Box} box */
  frame(box) {
    const inside = (/** @type {import("./api.js").Point} */ { x, y, label }) => label === 0 || (x > box.x1 && x < box.x2 && y > box.y1 && y < box.y2);
    this.#push(fresh(this.now.points.filter(inside), box));
  }

  /** Start with the answer of an earlier job. @param {Answer} answer */
  given(answer) {
    this.#push({ ...fresh([], null), answer });
  }

  /** Nothing any more; undo brings it back. */
  clear() {
    if (this.now.points.length || this.now.box || this.now.answer) this.#push(fresh([], null));
  }

  undo() {
    this.#at = Math.max(0, this.#at - 1);
  }

  redo() {
    this.#at = Math.min(this.#steps.length - 1, this.#at + 1);
  }

  /** Other answers are needed now, for another model answers. */
  forget() {
    this.#steps = this.#steps.map((step) => (step.points.length || step.box ? { ...step, answer: null, painted: true } : step));
  }

  /** @param {Step} step */
  #push(step) {
    this.#steps = [...this.#steps.slice(0, this.#at + 1), step];
    this.#at += 1;
  }
}

/** @param {import("./api.js").Point[]} points @param {import("./api.js").Box | null} box @returns {Step} */
function fresh(points, box) {
  return { points, box, answer: null, began: performance.now(), painted: false };
}
