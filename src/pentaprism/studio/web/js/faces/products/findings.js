// What was found in a photo, each finding with a way to confirm or correct it. The user's word survives every further run.

import { h } from "../../dom.js";
import { duration } from "../../format.js";
import { ATTRIBUTES, FLAGS, TREE, categoryOf, percent, say, subcategoryOf } from "./words.js";

/** @typedef {{ correct: (feedback: import("./api.js").Feedback, undo?: { text: string, feedback: import("./api.js").Feedback }) => void, mark: (defect: string | null) => void }} Actions */

/** @param {import("./api.js").Analysis} analysis @param {string | null} marked @param {Actions} on */
export function findings(analysis, marked, on) {
  return h("div", { class: "stack" }, flags(analysis), identity(analysis, on), attributes(analysis, on), defects(analysis, marked, on), engines(analysis));
}

/** @param {import("./api.js").Analysis} analysis */
function flags(analysis) {
  const found = analysis.quality?.flags ?? [];
  return found.length ? h("div", { class: "card warn" }, found.map((flag) => h("p", {}, `${FLAGS[flag] ?? say(flag)}. What was found may be less sure.`))) : null;
}

/** @param {import("./api.js").Analysis} analysis @param {Actions} on */
function identity(analysis, on) {
  const machine = analysis.classification_label;
  const known = analysis.user_label ?? machine;
  const choose = h("select", { "aria-label": "What it is", onchange: () => on.correct({ label: choose.value || null }, { text: "Label changed.", feedback: { label: analysis.user_label } }) },
    h("option", { value: "" }, machine ? `As found: ${say(machine)}` : "Not recognised"),
    Object.entries(TREE).map(([category, groups]) => h("optgroup", { label: say(category) }, Object.values(groups).flat().map((label) => h("option", { value: label }, say(label))))),
    h("option", { value: "other" }, "Something else"));
  choose.value = analysis.user_label ?? "";
  const subcategory = known ? subcategoryOf(known) : null;
  const scores = Object.entries(analysis.classification_scores).sort((a, b) => b[1] - a[1]);
  return h("section", { class: "card", "aria-label": "What it is" },
    h("div", { class: "row spread" }, h("h2", {}, "What it is"), analysis.user_label ? h("span", { class: "chip good" }, "Your word") : machine ? h("span", { class: "chip" }, `${percent(analysis.classification_confidence)} sure`) : null),
    h("p", { class: "identity" }, known ? h("b", {}, say(known)) : h("span", { class: "quiet" }, "Not recognised. Choose what it is; photos like this one will be known afterwards."),
      known ? h("span", { class: "quiet" }, ` ${say(categoryOf(known))}${subcategory ? ` › ${say(subcategory)}` : ""}`) : null),
    h("div", { class: "row" }, h("div", { class: "grow" }, choose),
      machine && !analysis.user_label && subcategoryOf(machine) ? h("button", { type: "button", "aria-label": `Confirm: ${say(machine)}`, onclick: () => on.correct({ label: machine }, { text: "Label confirmed.", feedback: { label: null } }) }, "✓ Right") : null),
    scores.length ? h("details", {}, h("summary", {}, "All probabilities"), h("ul", { class: "scores" }, scores.map(([label, score]) => bar(label, score)))) : null);
}

/** @param {string} label @param {number} score */
function bar(label, score) {
  const fillBar = h("i", {});
  fillBar.style.width = `${score * 100}%`;
  return h("li", {}, h("span", {}, say(label)), h("span", { class: "meter", "aria-hidden": "true" }, fillBar), h("span", { class: "number" }, percent(score)));
}

/** @param {import("./api.js").Analysis} analysis @param {Actions} on */
function attributes(analysis, on) {
  return h("section", { class: "card", "aria-label": "Attributes" }, h("h2", {}, "Attributes"), h("ul", { class: "attributes" }, Object.keys(ATTRIBUTES).map((name) => {
    const found = analysis.extracted_attributes.find((attribute) => attribute.attribute_name === name);
    const value = found?.attribute_value ?? "";
    const correct = (/** @type {string} */ next) => {
      if (next !== value) on.correct({ attributes: { [name]: next || null } }, { text: `${say(name)}: ${next ? say(next) : "removed"}.`, feedback: { attributes: { [name]: value || null } } });
    };
    const input = name === "brand"
      ? h("input", { value, maxLength: 80, placeholder: "Not stated", "aria-label": say(name), onchange: (/** @type {Event} */ event) => correct(/** @type {HTMLInputElement} */ (event.target).value.trim()) })
      : h("select", { "aria-label": say(name), onchange: (/** @type {Event} */ event) => correct(/** @type {HTMLSelectElement} */ (event.target).value) },
        h("option", { value: "" }, "Not stated"), ATTRIBUTES[name].map((each) => h("option", { value: each, selected: each === value }, say(each))));
    return h("li", {}, h("span", { class: "name" }, say(name)), input, h("span", { class: "source" }, found ? source(found) : null),
      found && found.source !== "user" ? h("button", { type: "button", class: "plain", "aria-label": `Confirm ${say(name)}: ${say(value)}`, title: "Right", onclick: () => on.correct({ attributes: { [name]: value } }) }, "✓") : h("span"));
  })));
}

/** @param {import("./api.js").Attribute} attribute */
function source(attribute) {
  if (attribute.source === "user") return h("span", { class: "chip good" }, "Your word");
  return h("span", { class: "chip", title: attribute.source === "text" ? "Found in title or description" : "Found in the photo" }, `${attribute.source === "text" ? "text" : "photo"} ${percent(attribute.confidence)}`);
}

/** @param {import("./api.js").Analysis} analysis @param {string | null} marked @param {Actions} on */
function defects(analysis, marked, on) {
  const found = analysis.detected_defects;
  return h("section", { class: "card", "aria-label": "Defects" }, h("h2", {}, "Defects"),
    found.length ? h("ul", { class: "defects" }, found.map((defect) => h("li", { class: `${defect.severity} ${defect.user_verdict ?? ""}` },
      h("button", { type: "button", class: "plain grow", "aria-pressed": String(defect.id === marked), onclick: () => on.mark(defect.id), onpointerenter: () => on.mark(defect.id) },
        h("span", { class: "swatch", "aria-hidden": "true" }), h("span", {}, h("b", {}, `${say(defect.defect_type)}, ${defect.severity}`), h("small", {}, ` ${percent(defect.confidence)}`))),
      verdict("Real", "confirmed", defect, on), verdict("Not one", "rejected", defect, on)))) : h("p", { class: "quiet" }, "None found."));
}

/** @param {string} text @param {"confirmed" | "rejected"} word @param {import("./api.js").Defect} defect @param {Actions} on */
function verdict(text, word, defect, on) {
  return h("button", { type: "button", "aria-pressed": String(defect.user_verdict === word), "aria-label": `${text}: ${say(defect.defect_type)}`, onclick: () => on.correct({ defects: [{ id: defect.id, verdict: word }] }) }, text);
}

/** @param {import("./api.js").Analysis} analysis */
function engines(analysis) {
  const parts = Object.entries(analysis.engines ?? {});
  if (!parts.length) return null;
  const names = [...new Set(parts.map(([, engine]) => `${engine.name} ${engine.version}`))].join(", ");
  const lost = parts.filter(([, engine]) => engine.fallback_from);
  return h("p", { class: "quiet small" }, `Found by ${names} in ${duration((analysis.processing_time_ms ?? 0) / 1000)}.`,
    lost.map(([part, engine]) => ` ${say(part)}: ${engine.fallback_from} could not answer (${say(engine.reason).toLowerCase()}), the built-in engine did.`));
}
