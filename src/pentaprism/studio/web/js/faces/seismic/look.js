// How sections are drawn: colours, clip, gain, polarity, kind of drawing. The last choice stays for the next section.

import { field, fill, h } from "../../dom.js";
import { choice } from "./list.js";

const KEY = "pentaprism.seismic.look";

/** @typedef {{ mode: "density" | "wiggle" | "both", colormap: string, clip: number, gain: string, agc_ms: number, polarity: "normal" | "reverse" }} Look */

/** @type {Look} */
const USUAL = { mode: "density", colormap: "gray", clip: 99, gain: "none", agc_ms: 500, polarity: "normal" };
/** @type {Record<string, string>} */
export const COLORMAPS = { gray: "Gray", gray_r: "Gray, reversed", seismic: "Blue, white, red", red_white_black: "Red, white, black", rainbow: "Rainbow", phase: "Phase", viridis: "Viridis" };
/** @type {Record<string, string>} */
const GAINS = { none: "None", agc: "AGC", trace: "Each trace alike", t2: "Time squared" };

/** @returns {Look} */
export function lastLook() {
  try {
    return { ...USUAL, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...USUAL };
  }
}

/** The parameters of a preview or a tile. @param {Look} look @returns {Record<string, any>} */
export function drawing({ colormap, clip, gain, agc_ms, polarity }) {
  return { colormap, clip, gain, polarity, ...(gain === "agc" ? { agc_ms } : {}) };
}

/** The controls. @param {(look: Look) => void} onChange */
export function lookControls(onChange) {
  const look = lastLook();
  const modes = h("div", { class: "row segments", role: "group", "aria-label": "Drawn as" });
  const colours = choice(COLORMAPS, look.colormap);
  const clip = h("input", { type: "range", min: "80", max: "100", step: "0.5", value: String(look.clip) });
  const clipText = h("small", {});
  const gain = choice(GAINS, look.gain);
  const agc = h("input", { type: "number", min: "10", max: "10000", step: "10", value: String(look.agc_ms) });
  const agcField = field("AGC window in ms", agc);
  const reverse = h("input", { type: "checkbox", checked: look.polarity === "reverse" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  function told(delay = 0) {
    look.colormap = colours.value;
    look.clip = Number(clip.value);
    look.gain = gain.value;
    look.agc_ms = Math.min(10_000, Math.max(10, Number(agc.value) || USUAL.agc_ms));
    look.polarity = reverse.checked ? "reverse" : "normal";
    localStorage.setItem(KEY, JSON.stringify(look));
    draw();
    clearTimeout(waiting);
    waiting = setTimeout(() => onChange({ ...look }), delay);
  }

  function draw() {
    clipText.textContent = `Amplitudes above the ${look.clip} % point take the last colour`;
    agcField.hidden = look.gain !== "agc";
    fill(modes, [["density", "Density"], ["wiggle", "Wiggle"], ["both", "Both"]].map(([mode, text]) => h("button", {
      type: "button", "aria-pressed": String(look.mode === mode),
      onclick: () => {
        look.mode = /** @type {Look["mode"]} */ (mode);
        told();
      },
    }, text)));
  }

  for (const input of [colours, gain, reverse]) input.addEventListener("change", () => told());
  for (const input of [clip, agc]) input.addEventListener("input", () => told(200));
  draw();
  return h("div", { class: "look" }, modes, field("Colours", colours), h("label", { class: "field" }, h("span", {}, "Clip"), clip, clipText), field("Gain", gain), agcField,
    h("label", { class: "check" }, reverse, "Reverse polarity"));
}
