// Rings in picture coordinates: x to the right, y downwards, a ring's last point joins its first.

/** @typedef {import("./api.js").Point} Point */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

/** Twice the enclosed area; positive for rings that run clockwise on the screen. @param {Point[]} ring */
export function doubled(ring) {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) sum += ring[j].x * ring[i].y - ring[i].x * ring[j].y;
  return sum;
}

/** @param {Point[]} ring */
export const area = (ring) => Math.abs(doubled(ring)) / 2;

/** The ring in the wanted direction. @param {Point[]} ring @param {boolean} clockwise */
export const turned = (ring, clockwise) => (doubled(ring) > 0 === clockwise ? ring : [...ring].reverse());

/** @param {Point[]} points @returns {Box} */
export function boxOf(points) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    if (x < box.left) box.left = x;
    if (x > box.right) box.right = x;
    if (y < box.top) box.top = y;
    if (y > box.bottom) box.bottom = y;
  }
  return box;
}

/** @param {Box} a @param {Box} b @param {number} [gap] */
export const meet = (a, b, gap = 0) => a.left <= b.right + gap && b.left <= a.right + gap && a.top <= b.bottom + gap && b.top <= a.bottom + gap;

/** Whether a place lies inside a ring, by the even-odd rule. @param {Point[]} ring @param {Point} place */
export function inside(ring, { x, y }) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const a = ring[i];
    const b = ring[j];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) odd = !odd;
  }
  return odd;
}

/** The place on the segment a-b that is nearest to `place`. @param {Point} place @param {Point} a @param {Point} b @returns {Point} */
export function foot(place, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const share = Math.max(0, Math.min(1, ((place.x - a.x) * dx + (place.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
  return { x: a.x + dx * share, y: a.y + dy * share };
}

/** @param {Point} a @param {Point} b */
export const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** The edge of a ring nearest to a place: it goes from point `index` to the next one. @param {Point[]} ring @param {Point} place */
export function nearestEdge(ring, place) {
  let found = { index: 0, distance: Infinity, at: ring[0] };
  for (let index = 0; index < ring.length; index += 1) {
    const at = foot(place, ring[index], ring[(index + 1) % ring.length]);
    const away = distance(place, at);
    if (away < found.distance) found = { index, distance: away, at };
  }
  return found;
}

/** The corner of a ring nearest to a place. @param {Point[]} ring @param {Point} place */
export function nearestCorner(ring, place) {
  let found = { index: 0, distance: Infinity };
  ring.forEach((corner, index) => {
    const away = distance(corner, place);
    if (away < found.distance) found = { index, distance: away };
  });
  return found;
}

/** Points as the server keeps them: inside the picture, two decimals, no point twice in a row. @param {Point[]} ring @param {number} width @param {number} height */
export function tidy(ring, width, height) {
  const rounded = ring.map(({ x, y }) => ({ x: hundredths(Math.max(0, Math.min(width, x))), y: hundredths(Math.max(0, Math.min(height, y))) }));
  return rounded.filter((point, index) => {
    const before = rounded[(index + rounded.length - 1) % rounded.length];
    return point.x !== before.x || point.y !== before.y;
  });
}

/** @param {number} value */
const hundredths = (value) => Math.round(value * 100) / 100;

/** Fewer points, none of which moves the line by more than `most` (Douglas and Peucker, 1973). @param {Point[]} line @param {number} most @returns {Point[]} */
export function simplified(line, most) {
  const kept = new Uint8Array(line.length);
  kept[0] = kept[line.length - 1] = 1;
  const open = [[0, line.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [first, last] = span;
    let far = most;
    let at = -1;
    for (let i = first + 1; i < last; i += 1) {
      const away = distance(line[i], foot(line[i], line[first], line[last]));
      if (away > far) [far, at] = [away, i];
    }
    if (at > 0) {
      kept[at] = 1;
      open.push([first, at], [at, last]);
    }
  }
  return line.filter((_, index) => kept[index]);
}

/** Whether no two edges of a ring cross. @param {Point[]} ring */
export function simple(ring) {
  const edges = ring.map((a, index) => ({ a, b: ring[(index + 1) % ring.length], index }));
  edges.sort((one, two) => Math.min(one.a.x, one.b.x) - Math.min(two.a.x, two.b.x));
  for (let i = 0; i < edges.length; i += 1) {
    const one = edges[i];
    const right = Math.max(one.a.x, one.b.x);
    for (let j = i + 1; j < edges.length && Math.min(edges[j].a.x, edges[j].b.x) <= right; j += 1) {
      const apart = Math.abs(one.index - edges[j].index);
      if (apart > 1 && apart < ring.length - 1 && cross(one.a, one.b, edges[j].a, edges[j].b)) return false;
    }
  }
  return true;
}

/** Which side of a-b the place c lies on. @param {Point} a @param {Point} b @param {Point} c */
export const side = (a, b, c) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);

/** Whether two segments meet. @param {Point} a @param {Point} b @param {Point} c @param {Point} d */
export function cross(a, b, c, d) {
  const [s, t, u, v] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  return s > 0 !== t > 0 && u > 0 !== v > 0 && (s !== 0 || t !== 0);
}

/** The smallest convex ring around points, clockwise on the screen (Andrew, 1979). @param {Point[]} points @returns {Point[]} */
export function hull(points) {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  /** @param {Point[]} list */
  const chain = (list) => {
    /** @type {Point[]} */
    const half = [];
    for (const point of list) {
      while (half.length > 1 && side(half[half.length - 2], half[half.length - 1], point) <= 0) half.pop();
      half.push(point);
    }
    return half.slice(0, -1);
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
}
