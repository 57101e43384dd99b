// The face's words as sentences for people, and numbers with their units.

import { number } from "../../format.js";

/** @type {Record<string, string>} */
export const FORMATS = { segy: "SEG-Y", miniseed: "miniSEED", npy: "NumPy array", npz: "NumPy archive" };
/** @type {Record<string, string>} */
export const ENDINGS = { segy: ".sgy", miniseed: ".mseed", npy: ".npy", npz: ".npz" };
/** @type {Record<string, string>} */
export const JOB_STATES = { pending: "Waiting", running: "Running", completed: "Done", failed: "Failed", cancelled: "Cancelled" };
/** @type {Record<string, string>} */
export const TYPES = { reconstruction: "Fill missing traces", denoising: "Take noise away" };
/** @type {Record<string, string>} */
export const KINDS = { prestack: "Prestack", poststack_2d: "Poststack line", poststack_3d: "Poststack volume", unknown: "Not known" };
/** @type {Record<string, string>} */
export const KEYS = { auto: "Found by itself", ffid: "Field record (ffid)", cdp: "Common depth point (cdp)", inline: "Inline", crossline: "Crossline", none: "None: all traces together" };
/** @type {Record<string, string>} */
export const REASONS = { zero: "all samples zero", nonfinite: "no finite sample", constant: "all samples equal", header_code: "trace id says dead", missing: "more than half missing" };
/** @type {Record<string, string>} */
const BASES = {
  reference: "Measured against the truth that you gave: every figure compares the result with it.",
  holdout: "Measured on recorded traces that were hidden and filled again: an honest estimate, as the true missing traces are not known.",
  none: "There is no truth to compare with, so only figures of the removed part are given.",
};

/** What the figures of a result rest on. @param {Record<string, any>} metrics */
export function basis(metrics) {
  const text = BASES[metrics.metric_basis] ?? "";
  const held = metrics.holdout;
  if (!held) return text;
  const hidden = `${held.traces} trace${held.traces === 1 ? "" : "s"} in ${held.gathers} gather${held.gathers === 1 ? "" : "s"} were hidden.`;
  const lean = [held.pessimistic ? "The true gaps are likely filled better than this, as hiding traces made the regular pattern harder." : "", held.optimistic ? "Wide gaps are likely filled worse than this." : ""];
  return [text, hidden, ...lean].filter(Boolean).join(" ");
}

/** @param {DatasetSize} item @typedef {{ traces: number | null, samples: number | null }} DatasetSize */
export function size({ traces, samples }) {
  return traces === null || samples === null ? "–" : `${traces.toLocaleString()} × ${samples.toLocaleString()}`;
}

/** @param {number | null} rate @param {number | null} interval */
export function rate(rate, interval) {
  return rate === null || interval === null ? "Not known" : `${number(rate, 6)} Hz (${number(interval / 1000, 6)} ms)`;
}

/** Trace numbers as short as they can be told: 3, 8-12. @param {number[]} indices @param {number} [most] groups shown */
export function ranges(indices, most = 12) {
  const runs = runsOf(indices);
  const shown = runs.slice(0, most).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
  return runs.length > most ? `${shown} and ${runs.length - most} more` : shown;
}

/** Runs of neighbouring numbers as [first, last]. @param {number[]} indices @returns {[number, number][]} */
export function runsOf(indices) {
  /** @type {[number, number][]} */
  const runs = [];
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && index <= last[1] + 1) last[1] = Math.max(last[1], index);
    else runs.push([index, index]);
  }
  return runs;
}

/** Trace numbers as somebody types them. Throws with what is wrong. @param {string} text @param {number} traces @returns {number[]} */
export function parseTraces(text, traces) {
  /** @type {Set<number>} */
  const found = new Set();
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!match) throw new Error(`“${part}” is no trace number and no range such as 100-150.`);
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (last < first) throw new Error(`“${part}” ends before it begins.`);
    if (last >= traces) throw new Error(`There is no trace ${last}: the last one is ${traces - 1}.`);
    for (let trace = first; trace <= last; trace += 1) found.add(trace);
  }
  return [...found].sort((a, b) => a - b);
}

/** Decibels. @param {number | null | undefined} value */
export const decibels = (value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} dB`);

/** A time of the clock. @param {string} moment */
export const clock = (moment) => new Date(moment).toLocaleTimeString();

/** A key of the server as words: data_traces becomes Data traces. @param {string} name */
export function plain(name) {
  const text = name.replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
}
