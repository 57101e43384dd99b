// What the viewer and its lists show and change: the polygons of an image, what is selected, and the way back to earlier states.
// A state is an array that is never changed: an edit makes a new one that shares everything untouched.

import { boxOf, inside } from "./geometry.js";

/** @typedef {import("./api.js").Polygon} Polygon */
/** @typedef {import("./api.js").Point} Point */
/** @typedef {Polygon & { type: "external" }} CellObject */

const DEPTH = 200;
const EDGE = 3;

/** Tells "change" (polygons), "select" (selection, hovered object, active point) and "measure" (numbers only). */
export class Model extends EventTarget {
  /** @type {Polygon[]} */
  polygons = [];
  /** @type {Set<string>} */
  selected = new Set();
  /** @type {string | null} */
  hovered = null;
  /** The point that keys move and delete. @type {{ id: string, index: number } | null} */
  point = null;
  /** @type {Polygon[][]} */
  #past = [];
  /** @type {Polygon[][]} */
  #future = [];
  /** @type {Map<string, Polygon[]>} */
  #holes = new Map();
  /** @type {WeakMap<Point[], import("./geometry.js").Box>} */
  #boxes = new WeakMap();

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** @returns {Polygon[]} */
  get objects() {
    return this.polygons.filter((polygon) => polygon.type === "external");
  }

  /** @returns {Polygon[]} */
  get selection() {
    return this.objects.filter((polygon) => this.selected.has(polygon.id));
  }

  /** @param {string} id */
  find(id) {
    return this.polygons.find((polygon) => polygon.id === id) ?? null;
  }

  /** @param {string} id of an object @returns {Polygon[]} */
  holesOf(id) {
    return this.#holes.get(id) ?? [];
  }

  /** @param {Point[]} ring */
  boxOf(ring) {
    const known = this.#boxes.get(ring) ?? boxOf(ring);
    this.#boxes.set(ring, known);
    return known;
  }

  /** Show other polygons; without a way back the history begins anew. @param {Polygon[]} polygons @param {boolean} [undoable] */
  load(polygons, undoable = false) {
    if (undoable) this.#past.push(this.polygons);
    else this.#past = [];
    this.#future = [];
    this.#set(polygons);
  }

  /** What the server made of the present state: the same outlines with their numbers. @param {Polygon[]} polygons */
  adopt(polygons) {
    this.#set(polygons, "measure");
  }

  /** An edit. @param {Polygon[]} polygons */
  commit(polygons) {
    this.#past.push(this.polygons);
    if (this.#past.length > DEPTH) this.#past.shift();
    this.#future = [];
    this.#set(polygons);
    this.dispatchEvent(new Event("edit"));
  }

  /** Several edits as one step back. @param {() => void} edits */
  together(edits) {
    const before = this.polygons;
    const steps = this.#past.length;
    edits();
    if (this.polygons === before) return;
    this.#past.length = Math.min(steps, this.#past.length);
    this.#past.push(before);
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /** @param {Polygon[][]} from @param {Polygon[][]} to */
  #step(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push(this.polygons);
    this.#set(state);
    this.dispatchEvent(new Event("edit"));
  }

  /** @param {Polygon[]} polygons @param {"change" | "measure"} [news] */
  #set(polygons, news = "change") {
    this.polygons = polygons;
    this.#holes = new Map();
    for (const polygon of polygons) {
      if (polygon.type === "internal" && polygon.parentId) this.#holes.set(polygon.parentId, [...(this.#holes.get(polygon.parentId) ?? []), polygon]);
    }
    const known = new Set(polygons.map((polygon) => polygon.id));
    this.selected = new Set([...this.selected].filter((id) => known.has(id)));
    if (this.hovered && !known.has(this.hovered)) this.hovered = null;
    if (this.point && !(this.point.index < (this.find(this.point.id)?.points.length ?? 0))) this.point = null;
    this.dispatchEvent(new Event(news));
    this.dispatchEvent(new Event("select"));
  }

  /** @param {Iterable<string>} ids @param {"picture" | "table" | "other"} from where it was chosen, so that the other side can follow */
  select(ids, from = "other") {
    this.selected = new Set(ids);
    this.point = null;
    this.dispatchEvent(new CustomEvent("select", { detail: from }));
  }

  /** @param {string} id @param {"picture" | "table" | "other"} from */
  toggle(id, from) {
    const next = new Set(this.selected);
    if (!next.delete(id)) next.add(id);
    this.select(next, from);
  }

  /** @param {string | null} id */
  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.dispatchEvent(new Event("hover"));
  }

  /** @param {Model["point"]} point */
  hold(point) {
    this.point = point;
    this.dispatchEvent(new CustomEvent("select", { detail: "picture" }));
  }

  /** The innermost object at a place; its holes are not part of it. @param {Point} place @returns {Polygon | null} */
  at(place) {
    /** @type {Polygon | null} */
    let found = null;
    let least = Infinity;
    for (const object of this.polygons) {
      if (object.type !== "external") continue;
      const box = this.boxOf(object.points);
      const size = (box.right - box.left) * (box.bottom - box.top);
      if (size >= least || place.x < box.left || place.x > box.right || place.y < box.top || place.y > box.bottom) continue;
      if (!inside(object.points, place) || this.holesOf(object.id).some((hole) => inside(hole.points, place))) continue;
      [found, least] = [object, size];
    }
    return found;
  }

  /** Another ring in place of a polygon's; its numbers are measured anew. @param {string} id @param {Point[]} points */
  reshape(id, points) {
    const old = this.find(id);
    if (!old) return;
    const owner = old.type === "internal" ? old.parentId : id;
    this.commit(this.polygons.map((polygon) => (polygon.id === id ? unmeasured({ ...polygon, points }) : polygon.id === owner ? unmeasured(polygon) : polygon)));
  }

  /** Take polygons away; objects go with their holes. @param {Iterable<string>} ids */
  remove(ids) {
    const gone = new Set(ids);
    const owners = new Set(this.polygons.filter((polygon) => gone.has(polygon.id) && polygon.type === "internal").map((polygon) => polygon.parentId));
    const left = this.polygons.filter((polygon) => !gone.has(polygon.id) && !(polygon.type === "internal" && polygon.parentId && gone.has(polygon.parentId)));
    this.commit(left.map((polygon) => (owners.has(polygon.id) ? unmeasured(polygon) : polygon)));
  }

  /** Delete one corner; a ring that would be none goes as a whole. @param {string} id @param {number} index */
  removePoint(id, index) {
    const points = this.find(id)?.points ?? [];
    if (points.length <= EDGE) this.remove([id]);
    else this.reshape(id, points.filter((_, at) => at !== index));
  }

  /** A new object. @param {Point[]} points */
  add(points) {
    const object = made(points, "external", null);
    this.commit([...this.polygons, object]);
    this.select([object.id], "picture");
  }

  /**
   * Objects in place of others. The first one keeps the identity and class of the first old one.
   * @param {string[]} ids @param {{ outer: Point[], holes: Point[][] }[]} parts
   */
  replace(ids, parts) {
    const old = this.find(ids[0]);
    const gone = new Set(ids);
    /** @type {string[]} */
    const names = [];
    const fresh = parts.flatMap(({ outer, holes }, index) => {
      const object = { ...made(outer, "external", null), class: old?.class, cellType: old?.cellType, color: old?.color };
      if (index === 0 && old) object.id = old.id;
      names.push(object.id);
      return [object, ...holes.map((hole) => made(hole, "internal", object.id))];
    });
    const at = this.polygons.findIndex((polygon) => gone.has(polygon.id));
    const left = this.polygons.filter((polygon) => !gone.has(polygon.id) && !(polygon.type === "internal" && polygon.parentId && gone.has(polygon.parentId)));
    const place = at < 0 ? left.length : this.polygons.slice(0, at).filter((polygon) => left.includes(polygon)).length;
    this.commit([...left.slice(0, place), ...fresh, ...left.slice(place)]);
    this.select(names, "picture");
  }
}

/** @param {Point[]} points @param {"external" | "internal"} type @param {string | null} parentId @returns {Polygon} */
const made = (points, type, parentId) => ({ id: name(), type, parentId, points, source: "manual", features: null });

/** @param {Polygon} polygon @returns {Polygon} */
const unmeasured = (polygon) => ({ ...polygon, features: null, confidence: null, source: "manual" });

/** An id that nobody else takes; `randomUUID` is missing on plain HTTP. */
const name = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
