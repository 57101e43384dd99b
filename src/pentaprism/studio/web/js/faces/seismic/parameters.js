// Controls for the parameters of a model, made from its JSON Schema.

import { field, h } from "../../dom.js";
import { choice } from "./list.js";
import { KEYS, parseTraces, plain } from "./words.js";

/** @typedef {{ name: string, element: HTMLElement, value: () => any, problem: (text: string) => void }} Control  `value` is undefined where the default stands */
/** @typedef {{ references: { id: string, name: string }[], candidates: Record<string, string>, gathers: number }} Known */

/** @type {Record<string, string>} */
const LABELS = {
  gather_key: "Gathers by", gathers: "Only these gathers", patch_size: "Window in samples and traces", batch_size: "Windows at once", window_traces: "Window in traces", window_samples: "Window in samples",
  max_slope: "Steepest slope", noise_sigma: "Noise level", candidates: "Choose among", reference_dataset_id: "The truth, to measure against", holdout: "Hide recorded traces to measure", random_state: "Random seed", strength: "Strength",
};
/** Parameters shown without asking. */
const MAIN = ["strength", "reference_dataset_id"];
/** In this order, the others after them. */
const ORDER = ["strength", "reference_dataset_id", "holdout", "candidates", "gather_key", "gathers"];
const OWN = "own";

/**
 * @param {Record<string, any>} properties of the schema @param {Known} known @param {Record<string, any>} given values to begin with
 * @returns {{ main: Control[], more: Control[] }}
 */
export function controls(properties, known, given) {
  const names = Object.keys(properties).filter((name) => name !== "missing_traces");
  const rank = (/** @type {string} */ name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  names.sort((a, b) => rank(a) - rank(b));
  const made = names.map((name) => control(name, properties[name], known, given[name])).filter((each) => each !== null);
  return { main: made.filter(({ name }) => MAIN.includes(name)), more: made.filter(({ name }) => !MAIN.includes(name)) };
}

/** @param {string} name @param {any} schema @param {Known} known @param {any} given @returns {Control | null} */
function control(name, schema, known, given) {
  const types = [schema.type].flat();
  if (name === "reference_dataset_id") return select(name, schema, { "": "Not known", ...Object.fromEntries(known.references.map(({ id, name: title }) => [id, title])) }, given);
  if (schema.enum) return select(name, schema, Object.fromEntries(schema.enum.map((/** @type {string} */ value) => [value, name === "gather_key" ? KEYS[value] ?? value : plain(value)])), given);
  if (types.includes("array")) return schema.items.enum ? checks(name, schema, known, given) : known.gathers > 1 ? list(name, schema, known, given) : null;
  if (types.includes("integer") || types.includes("number")) return numeric(name, schema, given);
  if (schema.anyOf) return schema.anyOf.some((/** @type {any} */ each) => each.const === false) ? share(name, schema, given) : level(name, schema, given);
  return null;
}

/** A control with its label, hint and room for what is wrong. @param {string} name @param {any} schema @param {HTMLElement} input @param {() => any} value @returns {Control} */
function framed(name, schema, input, value) {
  const wrong = h("small", { class: "problem", role: "alert", hidden: true });
  const element = h("div", { class: "parameter", dataset: { parameter: name } }, field(LABELS[name] ?? plain(name), input, schema.description?.replace(/; null: .*$/, "")), wrong);
  const problem = (/** @type {string} */ text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
  };
  return { name, element, value, problem };
}

/** @param {string} name @param {any} schema @param {Record<string, string>} entries @param {any} given */
function select(name, schema, entries, given) {
  const input = choice(entries, given ?? schema.default ?? "");
  return framed(name, schema, input, () => (input.value === (schema.default ?? "") ? undefined : input.value));
}

/** @param {any} schema @param {string | number} value */
function numberInput(schema, value) {
  const isWhole = [schema.type].flat().includes("integer");
  const least = schema.minimum ?? schema.exclusiveMinimum;
  return h("input", { type: "number", step: isWhole ? "1" : "any", value: String(value), ...(least === undefined ? {} : { min: String(least) }), ...(schema.maximum === undefined ? {} : { max: String(schema.maximum) }) });
}

/** @param {string} name @param {any} schema @param {any} given */
function numeric(name, schema, given) {
  const input = numberInput(schema, given ?? schema.default ?? "");
  if (schema.default === null) input.placeholder = "Chosen by itself";
  return framed(name, schema, input, () => (input.value === "" || Number(input.value) === schema.default ? undefined : Number(input.value)));
}

/** Numbers and ranges. @param {string} name @param {any} schema @param {Known} known @param {number[] | undefined} given */
function list(name, schema, known, given) {
  const input = h("input", { value: given?.join(", ") ?? "", placeholder: `All, or some of 0 to ${known.gathers - 1}` });
  return framed(name, { description: "Numbers and ranges such as 0, 4-7; the others are copied" }, input, () => {
    if (!input.value.trim()) return undefined;
    const found = parseTraces(input.value, Number.MAX_SAFE_INTEGER);
    return found.length === known.gathers ? undefined : found;
  });
}

/** A few of several; all of them is the default. @param {string} name @param {any} schema @param {Known} known @param {string[] | undefined} given */
function checks(name, schema, known, given) {
  const boxes = schema.items.enum.map((/** @type {string} */ value) => ({ value, box: h("input", { type: "checkbox", checked: given?.includes(value) ?? true }) }));
  const group = h("fieldset", { class: "checks" }, h("legend", {}, LABELS[name] ?? plain(name)), boxes.map((/** @type {any} */ { value, box }) => h("label", { class: "check" }, box, known.candidates[value] ?? value)));
  const made = framed(name, schema, h("span"), () => {
    const chosen = boxes.filter((/** @type {any} */ each) => each.box.checked).map((/** @type {any} */ each) => each.value);
    if (!chosen.length) throw new Error("Leave at least one model to choose among.");
    return chosen.length === boxes.length ? undefined : chosen;
  });
  made.element.firstElementChild?.replaceWith(group);
  return made;
}

/** A word or a number. @param {string} name @param {any} schema @param {any} given */
function level(name, schema, given) {
  const words = schema.anyOf.find((/** @type {any} */ each) => each.enum)?.enum ?? [];
  const numbers = schema.anyOf.find((/** @type {any} */ each) => each.type === "number" || each.type === "integer");
  const input = choice({ ...Object.fromEntries(words.map((/** @type {string} */ word) => [word, plain(word)])), [OWN]: "A number" }, typeof given === "number" ? OWN : given ?? schema.default);
  const own = numberInput(numbers, typeof given === "number" ? given : 3);
  own.setAttribute("aria-label", `${LABELS[name] ?? plain(name)} as a number`);
  const show = () => (own.hidden = input.value !== OWN);
  input.addEventListener("change", show);
  show();
  const made = framed(name, schema, input, () => (input.value === OWN ? Number(own.value) : input.value === schema.default ? undefined : input.value));
  made.element.insertBefore(own, made.element.lastElementChild);
  return made;
}

/** A fraction, or not at all. @param {string} name @param {any} schema @param {any} given */
function share(name, schema, given) {
  const numbers = schema.anyOf.find((/** @type {any} */ each) => each.type === "number");
  const values = [numbers.minimum, schema.default, numbers.maximum].map((value) => [String(value), `${value * 100} % of them`]);
  const input = choice({ ...Object.fromEntries(values), false: "No: faster, but nothing is measured" }, String(given ?? schema.default));
  return framed(name, { description: "Hidden traces are filled too and compared with what was recorded" }, input, () => (input.value === "false" ? false : Number(input.value) === schema.default ? undefined : Number(input.value)));
}
