// Which gather is shown: all of them, or one, with the next and the one before at hand.

import { field, h } from "../../dom.js";
import { toastError } from "../../toasts.js";
import { gathers } from "./api.js";

/** @param {import("./api.js").Dataset} dataset @param {(gather: import("./api.js").Gather | null) => void} onChoice @param {{ all?: boolean, first?: number }} [options] */
export function gatherPicker(dataset, onChoice, { all = true, first = 0 } = {}) {
  const count = dataset.geometry?.gathers ?? 1;
  const words = h("small", {}, "");
  const only = h("input", { type: "checkbox" });
  const index = h("input", { type: "number", min: "0", max: String(count - 1), step: "1", value: String(first), disabled: all });
  let visit = 0;

  async function show() {
    index.disabled = all && !only.checked;
    const mine = ++visit;
    if (index.disabled) {
      words.textContent = `${count.toLocaleString()} gathers by ${dataset.geometry?.gather_key}`;
      onChoice(null);
      return;
    }
    const wanted = Math.min(Math.max(Math.trunc(Number(index.value) || 0), 0), count - 1);
    try {
      const found = await gathers(dataset.id, { page: wanted + 1, per_page: 1 });
      if (mine !== visit || !found.items.length) return;
      const [gather] = found.items;
      const span = `traces ${gather.first_trace.toLocaleString()} to ${(gather.first_trace + gather.traces - 1).toLocaleString()}`;
      words.textContent = `${gather.value === null ? "" : `${gather.key} ${gather.value}, `}${span}${gather.dead ? `, ${gather.dead} dead` : ""}`;
      onChoice(gather);
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {number} by */
  function step(by) {
    only.checked = true;
    index.value = String(Math.min(Math.max(Number(index.value) + by, 0), count - 1));
    show();
  }

  only.addEventListener("change", show);
  index.addEventListener("change", show);
  if (count < 2) return { element: h("span", { hidden: true }), start: () => (all ? onChoice(null) : show()) };
  return {
    element: h("div", { class: "gathers" }, all ? h("label", { class: "check" }, only, "One gather only") : null,
      h("div", { class: "row" }, h("button", { type: "button", "aria-label": "Gather before", onclick: () => step(-1) }, "‹"), field(`Gather (0 to ${count - 1})`, index), h("button", { type: "button", "aria-label": "Next gather", onclick: () => step(1) }, "›")),
      words),
    start: show,
  };
}
