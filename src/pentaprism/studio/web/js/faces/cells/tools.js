// What the pointer and the keys do on the picture, by the tool that is chosen.

import { toast } from "../../toasts.js";
import { area, boxOf, cross, distance, meet, nearestCorner, nearestEdge, simple, simplified, tidy } from "./geometry.js";
import { areaOf, cut, difference, joined, parts, union } from "./overlap.js";

/** @typedef {import("./api.js").Point} Point */
/** @typedef {import("./api.js").Polygon} Polygon */
/** @typedef {"select" | "draw" | "hole" | "split" | "ruler"} Tool */
/** @typedef {{ x: number, y: number, event: PointerEvent }} At */

const GRAB = 9;
const EDGE_GRAB = 6;
const LEAST_AREA = 4;
const SMOOTH = 0.4;
const GAP = 4;

/** Tells "tool" when the tool or the line of the ruler changes. */
export class Tools extends EventTarget {
  /** @type {Tool} */
  tool = "select";
  /** @type {[Point, Point] | null} */
  ruler = null;
  mayEdit = true;
  #view;
  #model;
  #overlay;
  /** @type {{ kind: "corner", id: string, index: number, moved: boolean } | { kind: "free" | "line", shift: boolean } | null} */
  #drag = null;
  /** Corners set by clicks. @type {Point[]} */
  #clicked = [];

  /** @param {import("../../elements/zoom-view.js").ZoomView} view @param {import("./model.js").Model} model @param {import("./overlay.js").Overlay} overlay */
  constructor(view, model, overlay) {
    super();
    this.#view = view;
    this.#model = model;
    this.#overlay = overlay;
    /** @param {string} name @param {(at: At, event: Event) => void} handle */
    const on = (name, handle) => view.addEventListener(name, (event) => handle(/** @type {CustomEvent<At>} */ (event).detail, event));
    on("press", (at, event) => this.#press(at, event));
    on("hover", (at) => this.#move(at));
    on("release", (at) => this.#release(at));
    on("pick", (at) => this.#pick(at));
    view.addEventListener("dblclick", () => this.#clicked.length && this.finish());
  }

  /** Whether something is on its way that other news must not disturb. */
  get busy() {
    return Boolean(this.#drag || this.#clicked.length);
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.cancel();
    this.tool = tool;
    if (tool !== "ruler") this.ruler = null;
    this.dispatchEvent(new Event("tool"));
  }

  /** Drop what is on its way. */
  cancel() {
    this.#drag = null;
    this.#clicked = [];
    this.#overlay.draft = null;
    this.#overlay.spot = null;
    this.#view.redraw();
  }

  /** @param {At} at @param {Event} happening */
  #press(at, happening) {
    const { event } = at;
    if (event.button !== 0) return;
    const touch = event.pointerType === "touch";
    if (this.tool === "select" ? this.mayEdit && this.#grab(at, touch) : this.#begin(at, touch)) {
      happening.preventDefault();
      /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
    }
  }

  /** Take a corner of the selected object, or make one on its edge. @param {At} at @param {boolean} touch */
  #grab(at, touch) {
    const reach = (touch ? 2 : 1) / this.#view.view.scale;
    const found = this.#nearest(at, GRAB * reach, EDGE_GRAB * reach);
    if (!found) return false;
    const { polygon, index } = found;
    if (at.event.altKey && found.corner) {
      this.#model.removePoint(polygon.id, index);
      return true;
    }
    const points = found.corner ? polygon.points : [...polygon.points.slice(0, index), { x: at.x, y: at.y }, ...polygon.points.slice(index)];
    this.#overlay.draft = { id: polygon.id, points, kind: "ring" };
    this.#overlay.spot = null;
    this.#drag = { kind: "corner", id: polygon.id, index, moved: !found.corner };
    return true;
  }

  /** @param {Point} place @param {number} corner @param {number} edge how near it must be */
  #nearest(place, corner, edge) {
    const [object, ...others] = this.#model.selection;
    if (!object || others.length) return null;
    const rings = [object, ...this.#model.holesOf(object.id)];
    for (const polygon of rings) {
      const found = nearestCorner(polygon.points, place);
      if (found.distance <= corner) return { polygon, index: found.index, corner: true, at: polygon.points[found.index] };
    }
    for (const polygon of rings) {
      const found = nearestEdge(polygon.points, place);
      if (found.distance <= edge) return { polygon, index: found.index + 1, corner: false, at: found.at };
    }
    return null;
  }

  /** @param {At} at @param {boolean} touch */
  #begin(at, touch) {
    const place = { x: at.x, y: at.y };
    const line = this.tool === "split" || this.tool === "ruler";
    // A finger moves the picture; it draws corner by corner.
    if ((touch && !line) || this.#clicked.length) return false;
    this.#drag = { kind: line ? "line" : "free", shift: at.event.shiftKey };
    this.#overlay.draft = { id: null, points: [place], kind: line ? (this.tool === "split" ? "cut" : "line") : "open" };
    return true;
  }

  /** @param {At} at */
  #move(at) {
    const place = { x: at.x, y: at.y };
    const { draft } = this.#overlay;
    if (this.#drag && draft) {
      if (this.#drag.kind === "corner") {
        this.#drag.moved = true;
        draft.points = exchanged(draft.points, this.#drag.index, this.#inside(place));
      } else if (this.#drag.kind === "line") draft.points = [draft.points[0], place];
      else draft.points.push(place);
      this.#view.redraw();
    } else if (this.#clicked.length) {
      this.#overlay.draft = { id: null, points: [...this.#clicked, place], kind: "open" };
      this.#view.redraw();
    } else if (at.event.pointerType !== "touch") this.#look(place);
  }

  /** @param {Point} place */
  #look(place) {
    const before = this.#overlay.spot;
    const reach = 1 / this.#view.view.scale;
    this.#overlay.spot = this.tool === "select" && this.mayEdit ? (this.#nearest(place, GRAB * reach, EDGE_GRAB * reach)?.at ?? null) : null;
    if (before || this.#overlay.spot) this.#view.redraw();
    this.#model.hover(this.#model.at(place)?.id ?? null);
  }

  /** @param {At} at */
  #release(at) {
    const drag = this.#drag;
    const { draft } = this.#overlay;
    if (!drag || !draft) return;
    this.#drag = null;
    this.#overlay.draft = null;
    this.#view.redraw();
    if (drag.kind === "corner") {
      if (drag.moved) this.#model.reshape(drag.id, this.#tidied(draft.points));
      this.#model.hold({ id: drag.id, index: Math.min(drag.index, (this.#model.find(drag.id)?.points.length ?? 1) - 1) });
      return;
    }
    const long = draft.points.reduce((sum, point, index) => sum + (index ? distance(point, draft.points[index - 1]) : 0), 0) * this.#view.view.scale;
    if (drag.kind === "line") {
      if (long < GRAB) return;
      const [a, b] = [draft.points[0], { x: at.x, y: at.y }];
      if (this.tool === "split") this.#split(a, b);
      else {
        this.ruler = [a, b];
        this.#overlay.draft = { id: null, points: [a, b], kind: "line" };
        this.dispatchEvent(new Event("tool"));
      }
    } else if (long < GRAB) this.#click(draft.points[0]);
    else this.#shape(simplified([...draft.points, draft.points[0]], SMOOTH / Math.min(1, this.#view.view.scale)).slice(0, -1), drag.shift);
  }

  /** A click that moved nothing. @param {At} at */
  #pick(at) {
    if (this.tool === "select") this.#selectAt(at);
    else if (this.tool === "draw" || this.tool === "hole") this.#click({ x: at.x, y: at.y });
  }

  /** @param {At} at */
  #selectAt(at) {
    const found = this.#model.at(at);
    const many = at.event.shiftKey || at.event.ctrlKey || at.event.metaKey;
    if (found && many) this.#model.toggle(found.id, "picture");
    else if (!many) this.#model.select(found ? [found.id] : [], "picture");
  }

  /** One more corner; the first one again ends the ring. @param {Point} place */
  #click(place) {
    const first = this.#clicked[0];
    if (first && this.#clicked.length > 2 && distance(first, place) * this.#view.view.scale < GRAB) return this.finish();
    this.#clicked.push(place);
    this.#overlay.draft = { id: null, points: [...this.#clicked], kind: "open" };
    this.#view.redraw();
    this.dispatchEvent(new Event("tool"));
  }

  /** Close the ring that is drawn by clicks. */
  finish() {
    const points = this.#clicked;
    this.cancel();
    if (points.length > 2) this.#shape(points, false);
    this.dispatchEvent(new Event("tool"));
  }

  /** Corners that were set for the ring on its way. */
  get corners() {
    return this.#clicked.length;
  }

  /** What is done with a drawn ring. @param {Point[]} drawn @param {boolean} add to the selected object */
  #shape(drawn, add) {
    const ring = this.#tidied(drawn);
    if (!simple(ring)) return toast("This outline crosses itself. Draw it once around.", "error");
    if (ring.length < 3 || area(ring) < LEAST_AREA) return toast("This shape is too small to measure.");
    const [object] = this.#model.selection;
    if (this.tool === "hole") this.#subtract(ring);
    else if (add && object) this.#model.replace([object.id], this.#usable(union(this.#areaOf(object), areaOf(ring, []))));
    else this.#model.add(ring);
  }

  /** @param {Point[]} ring */
  #subtract(ring) {
    const box = boxOf(ring);
    const candidates = this.#model.selection.length ? this.#model.selection : [this.#model.at(ring[0])].filter((found) => found !== null);
    const object = candidates.find((each) => meet(this.#model.boxOf(each.points), box));
    if (!object) return toast("Draw the hole inside an object.");
    const left = this.#usable(difference(this.#areaOf(object), areaOf(ring, [])));
    if (left.length) this.#model.replace([object.id], left);
    else this.#model.remove([object.id]);
  }

  /** Cut along a line: the selected objects, or those that it crosses. @param {Point} a @param {Point} b */
  #split(a, b) {
    const chosen = this.#model.selection;
    const box = boxOf([a, b]);
    const crossed = (chosen.length ? chosen : this.#model.objects).filter(({ points }) => meet(this.#model.boxOf(points), box)
      && points.filter((point, index) => cross(a, b, point, points[(index + 1) % points.length])).length > 1);
    if (!crossed.length) return toast("Draw the line right across an object, from outside to outside.");
    this.#model.together(() => {
      for (const object of crossed) {
        const pieces = this.#usable(cut(this.#areaOf(object), a, b).flatMap(({ outer, holes }) => areaOf(outer, holes)));
        if (pieces.length > 1) this.#model.replace([object.id], pieces);
      }
    });
  }

  /** The selected objects as one. */
  merge() {
    const [first, ...others] = this.#model.selection;
    if (!first || !others.length) return toast("Choose two or more objects: hold Shift and click.");
    let whole = this.#areaOf(first);
    const left = new Set(others);
    for (let found = true; found && left.size; ) {
      found = false;
      for (const other of left) {
        const two = this.#areaOf(other);
        const gap = Math.max(GAP, 0.15 * Math.sqrt(Math.min(area(whole[0]), area(two[0]))));
        const made = joined(whole, two, gap);
        if (!made) continue;
        whole = made;
        left.delete(other);
        found = true;
      }
    }
    if (left.size) return toast("These objects are too far apart to become one.", "error");
    this.#model.replace([first.id, ...others.map(({ id }) => id)], this.#usable(whole));
  }

  /** Fewer points on the outlines of the selected objects. */
  simplify() {
    this.#model.together(() => {
      for (const object of this.#model.selection) {
        for (const { id, points } of [object, ...this.#model.holesOf(object.id)]) {
          const fewer = this.#tidied(simplified([...points, points[0]], SMOOTH).slice(0, -1));
          if (fewer.length > 2 && fewer.length < points.length && simple(fewer)) this.#model.reshape(id, fewer);
        }
      }
    });
  }

  /** Delete the held point, else the selected objects. */
  remove() {
    const { point, selected } = this.#model;
    if (point) this.#model.removePoint(point.id, point.index);
    else if (selected.size) this.#model.remove(selected);
  }

  /** Move the held point. @param {number} dx @param {number} dy @returns {boolean} whether there was one */
  nudge(dx, dy) {
    const { point } = this.#model;
    const points = point && this.#model.find(point.id)?.points;
    if (!point || !points) return false;
    const { x, y } = points[point.index];
    this.#model.reshape(point.id, exchanged(points, point.index, this.#inside({ x: x + dx, y: y + dy })));
    this.#model.hold(point);
    return true;
  }

  /** @param {Polygon} object */
  #areaOf(object) {
    return areaOf(object.points, this.#model.holesOf(object.id).map(({ points }) => points));
  }

  /** Rings as they are stored, without crumbs. @param {Point[][]} found */
  #usable(found) {
    return parts(found).map(({ outer, holes }) => ({ outer: this.#tidied(outer), holes: holes.map((hole) => this.#tidied(hole)).filter((hole) => hole.length > 2 && area(hole) >= 1) }))
      .filter(({ outer }) => outer.length > 2 && area(outer) >= LEAST_AREA).sort((one, two) => area(two.outer) - area(one.outer));
  }

  /** @param {Point[]} ring */
  #tidied(ring) {
    return tidy(ring, this.#view.width, this.#view.height);
  }

  /** @param {Point} place */
  #inside({ x, y }) {
    return { x: Math.max(0, Math.min(this.#view.width, x)), y: Math.max(0, Math.min(this.#view.height, y)) };
  }
}

/** The ring with another place for one corner. @param {Point[]} points @param {number} at @param {Point} place */
const exchanged = (points, at, place) => points.map((point, index) => (index === at ? place : point));
