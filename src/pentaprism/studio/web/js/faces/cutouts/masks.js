// Masks as the page holds them: outlines along pixel edges, which fill to exactly the pixels that the server means.

/** @typedef {{ path: Path2D, area: number, box: { x: number, y: number, width: number, height: number }, score: number, stability: number, prompt: number | null, job: string }} Mask  box: whole pixels, last row and column included */

/** @param {import("./api.js").RawMask} raw @param {string} job @returns {Mask} */
export function maskOf(raw, job) {
  const path = new Path2D();
  for (const { exterior, holes } of raw.mask_data) for (const ring of [exterior, ...holes]) trace(path, ring);
  const { x, y, width, height } = raw.bbox;
  return { path, area: raw.area, box: { x, y, width: width + 1, height: height + 1 }, score: raw.confidence, stability: raw.stability_score, prompt: raw.prompt_index, job };
}

/** @param {Path2D} path @param {[number, number][]} ring */
function trace(path, ring) {
  ring.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
}

/** The rectangle that holds all masks. @param {Mask[]} masks */
export function around(masks) {
  const left = Math.min(...masks.map(({ box }) => box.x));
  const top = Math.min(...masks.map(({ box }) => box.y));
  return { x: left, y: top, width: Math.max(...masks.map(({ box }) => box.x + box.width)) - left, height: Math.max(...masks.map(({ box }) => box.y + box.height)) - top };
}

const WEIGHTS = [[-1, 1], [0, 2], [1, 1]];

/** @param {number} width @param {number} height @returns {[HTMLCanvasElement, CanvasRenderingContext2D]} */
function sheet(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return [canvas, /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))];
}

/**
 * The pixels under the masks as a PNG with transparency, at the full resolution of the picture.
 * @param {import("./picture.js").Picture} picture @param {Mask[]} masks @param {{ soft: boolean, trim: boolean }} wish soft: the edge fades over a pixel
 * @returns {Promise<Blob>}
 */
export async function cutout(picture, masks, { soft, trim }) {
  const room = soft ? 1 : 0;
  const inner = around(masks);
  const frame = trim
    ? { x: Math.max(0, inner.x - room), y: Math.max(0, inner.y - room), right: Math.min(picture.width, inner.x + inner.width + room), bottom: Math.min(picture.height, inner.y + inner.height + room) }
    : { x: 0, y: 0, right: picture.width, bottom: picture.height };
  const [width, height] = [frame.right - frame.x, frame.bottom - frame.y];
  const [shape, drawn] = sheet(width, height);
  drawn.translate(-frame.x, -frame.y);
  for (const mask of masks) drawn.fill(mask.path, "evenodd");
  const [result, context] = sheet(width, height);
  if (soft) soften(context, shape);
  else context.drawImage(shape, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.drawImage(picture.bitmap, -frame.x, -frame.y, picture.width, picture.height);
  return new Promise((resolve, reject) => result.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser could not make the PNG; the picture may be too large for it."))), "image/png"));
}

/** Draw `shape` through the 3 x 3 binomial filter: the mean of its shifted copies, each with its weight. @param {CanvasRenderingContext2D} context @param {HTMLCanvasElement} shape */
function soften(context, shape) {
  context.globalCompositeOperation = "lighter";
  for (const [dx, across] of WEIGHTS) {
    for (const [dy, down] of WEIGHTS) {
      context.globalAlpha = (across * down) / 16;
      context.drawImage(shape, dx, dy);
    }
  }
  context.globalAlpha = 1;
}

/** A small picture of what a mask cuts out. @param {import("./picture.js").Picture} picture @param {Mask} mask @param {number} [width] @param {number} [height] */
export function thumb(picture, mask, width = 96, height = 72) {
  const [canvas, context] = sheet(width * 2, height * 2);
  const { box } = mask;
  const scale = Math.min((width * 2 - 8) / box.width, (height * 2 - 8) / box.height);
  context.translate((width * 2 - box.width * scale) / 2, (height * 2 - box.height * scale) / 2);
  context.scale(scale, scale);
  context.translate(-box.x, -box.y);
  context.clip(mask.path, "evenodd");
  context.drawImage(picture.bitmap, 0, 0, picture.width, picture.height);
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

const [, probe] = sheet(1, 1);

/** The smallest mask over a place. @param {Mask[]} masks @param {{ x: number, y: number }} place */
export function under(masks, { x, y }) {
  const hit = masks.filter(({ box, path }) => x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height && probe.isPointInPath(path, x, y, "evenodd"));
  return hit.sort((a, b) => a.area - b.area)[0] ?? null;
}
