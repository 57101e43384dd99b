// The five steps of a photo's analysis as they happen.

import { h } from "../../dom.js";
import { duration } from "../../format.js";
import { STEPS, say } from "./words.js";

/** @typedef {{ status: string, error: string | null, data: any, ms: number | null }} Track */

const SIGNS = { pending: "○", running: "◔", completed: "✓", failed: "✕", skipped: "–" };
const WORDS = { pending: "waits", running: "is running", completed: "is done", failed: "failed", skipped: "was skipped" };

/** @param {Map<string, Track>} tracks by step */
export function stepList(tracks) {
  return h("ol", { class: "steps", "aria-label": "Steps of the analysis" }, STEPS.map((name) => {
    const track = tracks.get(name);
    const status = /** @type {keyof typeof SIGNS} */ (track?.status ?? "pending");
    const found = says(name, track);
    return h("li", { class: status, "aria-label": `${say(name)} ${WORDS[status]}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[status]), h("b", {}, say(name)),
      h("small", {}, track?.error ?? found ?? (track?.ms !== null && track?.ms !== undefined ? duration(track.ms / 1000) : "")));
  }));
}

/** What a step has found, in a few words. @param {string} name @param {Track | undefined} track @returns {string | null} */
function says(name, track) {
  const data = track?.status === "completed" ? track.data : null;
  if (!data) return null;
  if (name === "preprocess" && data.width) return `${data.width} × ${data.height}`;
  if (name === "classify") return data.classification_label ? say(data.classification_label) : null;
  if (name === "extract_attributes" && data.attributes) return `${data.attributes.length} found`;
  if (name === "detect_defects" && data.defects_count !== undefined) return data.defects_count === 0 ? "None" : `${data.defects_count} found`;
  return null;
}
