// What lies over the picture: masks, clicks, boxes. Everything is drawn in picture coordinates; lines keep their width on the screen.

/** @typedef {import("./masks.js").Mask} Mask */

const OBJECT = "#5b54ff";
const KEPT = "#17a673";
const NOT = "#e0243f";

/** The colour of the n-th of many: neighbours differ clearly. @param {number} index */
export const hue = (index) => `hsl(${(index * 137.5) % 360} 85% 55%)`;

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {Mask} mask @param {string} colour @param {number} cover 0..1 @param {boolean} [outlined] */
export function drawMask(context, scale, mask, colour, cover, outlined = true) {
  context.globalAlpha = cover;
  context.fillStyle = colour;
  context.fill(mask.path, "evenodd");
  context.globalAlpha = 1;
  if (!outlined) return;
  context.lineJoin = "round";
  for (const [width, stroke] of /** @type {[number, string][]} */ ([[3.2, "rgb(255 255 255 / 90%)"], [1.4, colour]])) {
    context.lineWidth = width / scale;
    context.strokeStyle = stroke;
    context.stroke(mask.path);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {Mask} mask */
export const drawObject = (context, scale, mask) => drawMask(context, scale, mask, OBJECT, 0.45);

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {Mask} mask */
export const drawKept = (context, scale, mask) => drawMask(context, scale, mask, KEPT, 0.35);

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {import("./api.js").Box} box */
export function drawBox(context, scale, { x1, y1, x2, y2 }) {
  context.lineWidth = 3.5 / scale;
  context.strokeStyle = "rgb(255 255 255 / 90%)";
  context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  context.lineWidth = 1.8 / scale;
  context.strokeStyle = OBJECT;
  context.setLineDash([7 / scale, 5 / scale]);
  context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {import("./api.js").Point} point */
export function drawPoint(context, scale, { x, y, label }) {
  context.beginPath();
  context.arc(x, y, 7.5 / scale, 0, 2 * Math.PI);
  context.fillStyle = label ? KEPT : NOT;
  context.fill();
  context.lineWidth = 2 / scale;
  context.strokeStyle = "#fff";
  context.stroke();
  context.beginPath();
  context.moveTo(x - 3.5 / scale, y);
  context.lineTo(x + 3.5 / scale, y);
  if (label) {
    context.moveTo(x, y - 3.5 / scale);
    context.lineTo(x, y + 3.5 / scale);
  }
  context.stroke();
}

/** Where Enter would click. @param {CanvasRenderingContext2D} context @param {number} scale @param {{ x: number, y: number }} place */
export function drawAim(context, scale, { x, y }) {
  for (const [width, colour] of /** @type {[number, string][]} */ ([[3, "#fff"], [1.2, "#000"]])) {
    context.lineWidth = width / scale;
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(x - 14 / scale, y);
    context.lineTo(x + 14 / scale, y);
    context.moveTo(x, y - 14 / scale);
    context.lineTo(x, y + 14 / scale);
    context.stroke();
  }
}
