// Which engine answers, told in words, and the choice between those that can.

import { h } from "../../dom.js";
import { models } from "./api.js";

/** @type {Promise<import("./api.js").Model[]> | null} */
let catalogue = null;

/** The choice of the model; hidden while there is none. @param {string} value @param {(model: string) => void} onChange */
export function engineChoice(value, onChange) {
  const select = h("select", { onchange: () => onChange(select.value) }, h("option", { value: "" }, "Usual"));
  const box = h("label", { class: "field", hidden: true }, h("span", {}, "Engine"), select);
  catalogue ??= models();
  catalogue.then((list) => {
    const usable = list.filter((model) => model.usable);
    select.append(...usable.map((model) => h("option", { value: model.name }, model.description)));
    select.value = value;
    box.hidden = usable.length < 2;
  }, () => (catalogue = null));
  return box;
}

/** Who made the masks, and why not the one that was asked for. @param {{ engine: import("./api.js").Engine | null, fallback: import("./api.js").Fallback | null, warnings?: string[] }} answer */
export function engineWords({ engine, fallback, warnings = [] }) {
  if (!engine) return null;
  const name = engine.kind === "embedded" ? "the built-in engine" : `Segment Anything (${engine.name})`;
  return h("div", { class: "quiet small" }, h("p", {}, `Masks by ${name}, version ${engine.version}.`), fallback ? h("p", { class: "fallback" }, fallback.message) : null, warnings.map((text) => h("p", {}, text)));
}
