// Drawing outlines over the picture. Objects are filled by the even-odd rule with their holes, so that a hole is a hole.

import { area, meet } from "./geometry.js";

/** @typedef {import("./api.js").Polygon} Polygon */
/** @typedef {import("./api.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {{ id: string | null, points: Point[], kind: "ring" | "line" | "cut" | "open" }} Draft something on its way; with an id it stands in for that polygon's ring */

const LINE = "#18e0c8";
const CHOSEN = "#ffd60a";
const INVALID = "#ff5c70";
const SHADE = "rgb(0 0 0 / 55%)";
const MIN_LABEL = 14;

export class Overlay {
  outlines = true;
  labels = false;
  /** @type {Draft | null} */
  draft = null;
  /** The place on an edge where a press would make a point. @type {Point | null} */
  spot = null;
  #model;
  /** @type {WeakMap<Polygon, { holes: Point[][], path: Path2D }>} */
  #paths = new WeakMap();

  /** @param {Model} model */
  constructor(model) {
    this.#model = model;
  }

  /** @param {CanvasRenderingContext2D} context @param {import("../../elements/zoom-view.js").View} view @param {number} width @param {number} height of the screen */
  draw(context, view, width, height) {
    const pixel = 1 / view.scale;
    const shown = { left: -view.x * pixel, top: -view.y * pixel, right: (width - view.x) * pixel, bottom: (height - view.y) * pixel };
    context.lineJoin = "round";
    if (this.outlines) {
      const objects = this.#model.objects.filter((object) => meet(this.#model.boxOf(object.points), shown, pixel));
      for (const object of objects) if (!this.#model.selected.has(object.id)) this.#object(context, object, pixel, false);
      for (const object of objects) if (this.#model.selected.has(object.id)) this.#object(context, object, pixel, true);
      if (this.labels) for (const object of objects) this.#label(context, object, pixel);
      this.#handles(context, pixel);
    }
    if (this.draft) draftLine(context, this.draft, pixel);
    if (this.spot) dot(context, this.spot, 4 * pixel, CHOSEN, pixel);
  }

  /** The ring that is shown for a polygon. @param {Polygon} polygon */
  ring(polygon) {
    return this.draft?.id === polygon.id ? this.draft.points : polygon.points;
  }

  /** @param {CanvasRenderingContext2D} context @param {Polygon} object @param {number} pixel @param {boolean} chosen */
  #object(context, object, pixel, chosen) {
    const path = this.#path(object);
    const hovered = this.#model.hovered === object.id;
    const colour = chosen ? CHOSEN : object.valid === false ? INVALID : object.color && CSS.supports("color", object.color) ? object.color : LINE;
    context.globalAlpha = chosen ? 0.24 : hovered ? 0.34 : 0.14;
    context.fillStyle = colour;
    context.fill(path, "evenodd");
    context.globalAlpha = 1;
    context.setLineDash(object.valid === false ? [6 * pixel, 4 * pixel] : []);
    context.strokeStyle = SHADE;
    context.lineWidth = 3 * pixel;
    context.stroke(path);
    context.strokeStyle = colour;
    context.lineWidth = (chosen || hovered ? 2 : 1.3) * pixel;
    context.stroke(path);
    context.setLineDash([]);
  }

  /** @param {Polygon} object */
  #path(object) {
    const holes = this.#model.holesOf(object.id);
    const rings = holes.map((hole) => this.ring(hole));
    const outer = this.ring(object);
    const known = this.#paths.get(object);
    if (known && outer === object.points && known.holes.length === rings.length && known.holes.every((ring, index) => ring === rings[index])) return known.path;
    const path = new Path2D();
    for (const ring of [outer, ...rings]) trace(path, ring, true);
    if (outer === object.points) this.#paths.set(object, { holes: rings, path });
    return path;
  }

  /** @param {CanvasRenderingContext2D} context @param {Polygon} object @param {number} pixel */
  #label(context, object, pixel) {
    const box = this.#model.boxOf(object.points);
    if (!object.label || (box.right - box.left) / pixel < MIN_LABEL) return;
    context.font = `600 ${12 * pixel}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const [x, y] = [object.features?.centroid_x ?? (box.left + box.right) / 2, object.features?.centroid_y ?? (box.top + box.bottom) / 2];
    context.lineWidth = 3 * pixel;
    context.strokeStyle = SHADE;
    context.strokeText(String(object.label), x, y);
    context.fillStyle = "#fff";
    context.fillText(String(object.label), x, y);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} pixel */
  #handles(context, pixel) {
    const [object, ...others] = this.#model.selection;
    if (!object || others.length) return;
    for (const polygon of [object, ...this.#model.holesOf(object.id)]) {
      const ring = this.ring(polygon);
      const room = Math.sqrt(area(ring)) / ring.length / pixel;
      const size = room > 3 ? 3.5 : 2;
      if (room < 0.7) continue;
      ring.forEach((point, index) => {
        const held = this.#model.point?.id === polygon.id && this.#model.point.index === index;
        dot(context, point, (held ? 5.5 : size) * pixel, held ? "#fff" : CHOSEN, pixel);
      });
    }
  }
}

/** @param {Path2D} path @param {Point[]} ring @param {boolean} closed */
function trace(path, ring, closed) {
  ring.forEach(({ x, y }, index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  if (closed) path.closePath();
}

/** @param {CanvasRenderingContext2D} context @param {Point} place @param {number} size @param {string} colour @param {number} pixel */
function dot(context, place, size, colour, pixel) {
  context.beginPath();
  context.arc(place.x, place.y, size, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = pixel;
  context.strokeStyle = SHADE;
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Draft} draft @param {number} pixel */
function draftLine(context, { points, kind, id }, pixel) {
  if (id || !points.length) return;
  const path = new Path2D();
  trace(path, points, kind === "ring");
  context.setLineDash(kind === "cut" ? [8 * pixel, 5 * pixel] : []);
  context.strokeStyle = SHADE;
  context.lineWidth = 4 * pixel;
  context.stroke(path);
  context.strokeStyle = kind === "cut" ? INVALID : CHOSEN;
  context.lineWidth = 2 * pixel;
  context.stroke(path);
  context.setLineDash([]);
  if (kind === "open" || kind === "line") for (const point of kind === "open" ? points.slice(0, 1) : points) dot(context, point, 4 * pixel, CHOSEN, pixel);
}
