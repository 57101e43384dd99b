// Union and difference of areas with holes, exact on the rings' own points: all edges are cut where they meet, each piece is kept or
// dropped by the side of the other area that its middle lies on, and the kept pieces are joined to rings again.

import { area, boxOf, distance, doubled, foot, hull, inside, meet, side, turned } from "./geometry.js";

/** @typedef {import("./api.js").Point} Point */
/** @typedef {Point[][]} Area outer rings clockwise on the screen, holes the other way */
/** @typedef {{ a: Point, b: Point }} Edge */

const NEAR = 1e-7;

/** Everything in either area. @param {Area} one @param {Area} two */
export const union = (one, two) => combine(one, two, (where) => where === "out" || where === "same", (where) => where === "out", false);

/** What is in the first area only. @param {Area} one @param {Area} two */
export const difference = (one, two) => combine(one, two, (where) => where === "out" || where === "opposite", (where) => where === "in", true);

/** What is in both. @param {Area} one @param {Area} two */
export const intersection = (one, two) => combine(one, two, (where) => where === "in" || where === "same", (where) => where === "in", false);

/** An outer ring with its holes in their directions. @param {Point[]} outer @param {Point[][]} holes @returns {Area} */
export const areaOf = (outer, holes) => [turned(outer, true), ...holes.map((hole) => turned(hole, false))];

/** The parts of an area on both sides of the line through two places. @param {Area} given @param {Point} a @param {Point} b */
export function cut(given, a, b) {
  const reach = 4 * given.flat().reduce((most, point) => Math.max(most, distance(point, a)), distance(a, b));
  const [dx, dy] = [((b.x - a.x) / distance(a, b)) * reach, ((b.y - a.y) / distance(a, b)) * reach];
  const half = turned([{ x: a.x - dx, y: a.y - dy }, { x: a.x + dx, y: a.y + dy }, { x: a.x + dx - dy, y: a.y + dy + dx }, { x: a.x - dx - dy, y: a.y - dy + dx }], true);
  return [...parts(intersection(given, [half])), ...parts(difference(given, [half]))];
}

/**
 * Two areas as one. Where a narrow gap is between them, it is filled.
 * @param {Area} one @param {Area} two @param {number} gap widest gap that is filled @returns {Area | null} null when they are further apart
 */
export function joined(one, two, gap) {
  const whole = union(one, two);
  if (parts(whole).length === 1) return whole;
  let least = Infinity;
  for (const [from, to] of [[one[0], two[0]], [two[0], one[0]]]) for (const point of from) least = Math.min(least, away(point, to));
  if (least > gap) return null;
  const near = Math.max(1.5 * least, least + 1);
  const bridge = [...between(one[0], two[0], near), ...between(two[0], one[0], near)];
  const filled = union(whole, [turned(hull(bridge), true)]);
  return parts(filled).length === 1 ? filled : null;
}

/** Places along a ring that are near to another one. @param {Point[]} ring @param {Point[]} other @param {number} near */
function between(ring, other, near) {
  /** @type {Point[]} */
  const found = [];
  ring.forEach((a, index) => {
    const b = ring[(index + 1) % ring.length];
    const steps = Math.max(1, Math.ceil((2 * distance(a, b)) / near));
    for (let step = 0; step < steps; step += 1) {
      const place = { x: a.x + ((b.x - a.x) * step) / steps, y: a.y + ((b.y - a.y) * step) / steps };
      if (away(place, other) <= near) found.push(place);
    }
  });
  return found;
}

/** @param {Point} place @param {Point[]} ring */
function away(place, ring) {
  let least = Infinity;
  ring.forEach((a, index) => (least = Math.min(least, distance(place, foot(place, a, ring[(index + 1) % ring.length])))));
  return least;
}

/** Outer rings with the holes in them. @param {Area} given @returns {{ outer: Point[], holes: Point[][] }[]} */
export function parts(given) {
  const outers = given.filter((ring) => doubled(ring) > 0).sort((a, b) => area(a) - area(b));
  const found = outers.map((outer) => ({ outer, holes: /** @type {Point[][]} */ ([]) }));
  for (const hole of given) {
    if (doubled(hole) >= 0) continue;
    const middle = { x: (hole[0].x + hole[1].x) / 2, y: (hole[0].y + hole[1].y) / 2 };
    found.find(({ outer }) => inside(outer, middle))?.holes.push(hole);
  }
  return found;
}

/**
 * @param {Area} one @param {Area} two @param {(where: string) => boolean} fromOne @param {(where: string) => boolean} fromTwo
 * @param {boolean} reverse whether the edges of the second area are turned round
 */
function combine(one, two, fromOne, fromTwo, reverse) {
  const [first, second] = pieces(edgesOf(one), edgesOf(two));
  const others = new Map(second.map((edge) => [key(edge.a) + key(edge.b), edge]));
  const firsts = new Map(first.map((edge) => [key(edge.a) + key(edge.b), edge]));
  const kept = first.filter((edge) => fromOne(where(edge, others, two)));
  for (const edge of second) if (fromTwo(where(edge, firsts, one))) kept.push(reverse ? { a: edge.b, b: edge.a } : edge);
  return rings(kept);
}

/** @param {Area} given @returns {Edge[]} */
const edgesOf = (given) => given.flatMap((ring) => ring.map((a, index) => ({ a, b: ring[(index + 1) % ring.length] })));

/** @param {Edge} edge @param {Map<string, Edge>} shared @param {Area} other */
function where({ a, b }, shared, other) {
  if (shared.has(key(a) + key(b))) return "same";
  if (shared.has(key(b) + key(a))) return "opposite";
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  return other.reduce((odd, ring) => odd !== inside(ring, middle), false) ? "in" : "out";
}

/** Both lists of edges, cut where they meet each other. @param {Edge[]} one @param {Edge[]} two @returns {[Edge[], Edge[]]} */
function pieces(one, two) {
  /** @type {Point[][]} */
  const cutsOne = one.map(() => []);
  /** @type {Point[][]} */
  const cutsTwo = two.map(() => []);
  const boxes = two.map(({ a, b }) => boxOf([a, b]));
  one.forEach((edge, i) => {
    const box = boxOf([edge.a, edge.b]);
    two.forEach((other, j) => {
      if (!meet(box, boxes[j], NEAR)) return;
      for (const place of meetings(edge, other)) {
        cutsOne[i].push(place);
        cutsTwo[j].push(place);
      }
    });
  });
  return [one.flatMap((edge, i) => chopped(edge, cutsOne[i])), two.flatMap((edge, j) => chopped(edge, cutsTwo[j]))];
}

/** Where two edges meet: one place, or the ends of what they share. @param {Edge} one @param {Edge} two @returns {Point[]} */
function meetings(one, two) {
  const touching = [one.a, one.b].filter((end) => distance(end, foot(end, two.a, two.b)) < NEAR).concat([two.a, two.b].filter((end) => distance(end, foot(end, one.a, one.b)) < NEAR));
  if (touching.length) return touching;
  const [s, t] = [side(two.a, two.b, one.a), side(two.a, two.b, one.b)];
  const [u, v] = [side(one.a, one.b, two.a), side(one.a, one.b, two.b)];
  if (s > 0 === t > 0 || u > 0 === v > 0 || s === t) return [];
  const share = s / (s - t);
  return [{ x: one.a.x + (one.b.x - one.a.x) * share, y: one.a.y + (one.b.y - one.a.y) * share }];
}

/** @param {Edge} edge @param {Point[]} places @returns {Edge[]} */
function chopped({ a, b }, places) {
  const stops = [a, ...[...places].sort((one, two) => distance(a, one) - distance(a, two)), b];
  /** @type {Edge[]} */
  const found = [];
  for (let i = 1; i < stops.length; i += 1) if (key(stops[i - 1]) !== key(stops[i])) found.push({ a: stops[i - 1], b: stops[i] });
  return found;
}

/** Places nearer than this grid's step are one. @param {Point} point */
const key = ({ x, y }) => `${Math.round(x * 1e6)},${Math.round(y * 1e6)};`;

/** Rings from directed edges; where several go on from a corner, the sharpest turn to the right keeps rings apart. @param {Edge[]} edges @returns {Area} */
function rings(edges) {
  /** @type {Map<string, Edge[]>} */
  const from = new Map();
  for (const edge of edges) from.set(key(edge.a), [...(from.get(key(edge.a)) ?? []), edge]);
  /** @type {Area} */
  const found = [];
  for (const start of edges) {
    /** @type {Point[]} */
    const ring = [];
    let edge = take(from, start.a, null, start);
    while (edge) {
      ring.push(edge.a);
      edge = take(from, edge.b, edge, null);
    }
    const clean = ring.filter((point, index) => Math.abs(side(ring[(index + ring.length - 1) % ring.length], point, ring[(index + 1) % ring.length])) > 1e-9);
    if (clean.length > 2 && area(clean) > 1e-6) found.push(clean);
  }
  return found;
}

/** @param {Map<string, Edge[]>} from @param {Point} corner @param {Edge | null} before @param {Edge | null} wanted */
function take(from, corner, before, wanted) {
  const open = from.get(key(corner)) ?? [];
  const choice = wanted ? open.find((edge) => edge === wanted) : best(open, before);
  if (choice) open.splice(open.indexOf(choice), 1);
  return choice ?? null;
}

/** @param {Edge[]} open @param {Edge | null} before */
function best(open, before) {
  if (open.length < 2 || !before) return open[0];
  const back = Math.atan2(before.a.y - before.b.y, before.a.x - before.b.x);
  /** @param {Edge} edge */
  const turn = (edge) => (Math.atan2(edge.b.y - edge.a.y, edge.b.x - edge.a.x) - back + 4 * Math.PI) % (2 * Math.PI);
  return open.reduce((chosen, edge) => (turn(edge) > turn(chosen) ? edge : chosen));
}
