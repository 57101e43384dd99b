// Which traces are missing: the dead ones that were found, or those that somebody names, by typing or by clicking into the section.

import { field, h } from "../../dom.js";
import { gatherPicker } from "./gathers.js";
import { lastLook } from "./look.js";
import { Section } from "./section.js";
import { parseTraces, ranges, runsOf } from "./words.js";

/** @param {import("./api.js").Dataset} dataset @param {number[] | null} given named traces to begin with */
export function missingPicker(dataset, given) {
  const total = dataset.traces ?? 0;
  const dead = dataset.dead_traces ?? { count: 0, indices: [], reasons: {} };
  const section = new Section(dataset);
  section.look = { ...lastLook(), mode: "density" };
  const find = h("input", { type: "radio", name: "missing", checked: given === null });
  const named = h("input", { type: "radio", name: "missing", checked: given !== null });
  const text = h("textarea", { class: "numbers", value: given ? ranges(given, Infinity) : "", placeholder: "10, 15-17, 23" });
  const wrong = h("p", { class: "problem", role: "alert", hidden: true });
  const count = h("small", { "aria-live": "polite" });
  const box = h("div", { class: "named" }, field("Trace numbers", text, "From 0, with ranges such as 100-150; or click the traces in the section below"), wrong, count);

  /** @returns {number[]} */
  const traces = () => (named.checked ? parseTraces(text.value, total) : dead.indices);

  function show() {
    box.hidden = !named.checked;
    wrong.hidden = true;
    try {
      const found = traces();
      section.mark([...(named.checked ? [{ kind: /** @type {const} */ ("dead"), traces: dead.indices.filter((trace) => !found.includes(trace)) }] : []), { kind: named.checked ? "named" : "dead", traces: found }]);
      count.textContent = named.checked ? `${found.length.toLocaleString()} of ${total.toLocaleString()} traces` : "";
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message;
      wrong.hidden = false;
      count.textContent = "";
    }
  }

  /** @param {number} trace */
  function toggle(trace) {
    let found;
    try {
      found = new Set(traces());
    } catch {
      // What is typed is not readable yet; a click shall not throw it away.
      return;
    }
    named.checked = true;
    if (!found.delete(trace)) found.add(trace);
    text.value = ranges([...found], Infinity);
    show();
  }

  for (const radio of [find, named]) radio.addEventListener("change", show);
  text.addEventListener("input", show);
  section.frame.view.addEventListener("pick", (event) => {
    const place = section.frame.at(/** @type {CustomEvent} */ (event).detail);
    if (place) toggle(place.trace);
  });
  const gather = gatherPicker(dataset, (chosen) => section.show(chosen));
  gather.start();
  show();
  const element = h("fieldset", { class: "stack missing" }, h("legend", {}, "Missing traces"),
    h("label", { class: "check" }, find, dead.count ? `Fill the ${dead.count.toLocaleString()} dead trace${dead.count === 1 ? "" : "s"} that were found: ${ranges(dead.indices, 8)}` : "Find dead traces: there are none in this file"),
    h("label", { class: "check" }, named, "Name them: these are filled, whatever they hold"), box, gather.element, section.element,
    h("p", { class: "legend" }, h("span", { class: "mark dead" }, "Dead"), h("span", { class: "mark named" }, "Named")));
  return {
    element,
    /** Parameter of a job; undefined lets the server find dead traces. Throws with what is wrong. */
    value() {
      if (!named.checked) return undefined;
      const found = traces();
      if (!found.length) throw new Error("Name at least one missing trace, or let dead traces be found.");
      return runsOf(found).flatMap(/** @returns {(string | number)[]} */ ([first, last]) => (last - first > 1 ? [`${first}-${last}`] : first === last ? [first] : [first, last]));
    },
    /** @param {string} message */
    problem(message) {
      wrong.textContent = message;
      wrong.hidden = !message;
      if (message) box.hidden = false;
    },
  };
}
