// The table of trace headers, page by page, and as CSV.

import { field, fill, h, icon } from "../../dom.js";
import { save } from "../../download.js";
import { number } from "../../format.js";
import { errorBox, toastError } from "../../toasts.js";
import { traceCsv, traces } from "./api.js";

const ROWS = 100;

/** @param {import("./api.js").Dataset} dataset */
export async function traceTable(dataset) {
  const total = dataset.traces ?? 0;
  const room = h("div", { class: "scroll trace-table", tabIndex: 0, role: "region", "aria-label": "Trace headers" });
  const place = h("span", {});
  const from = h("input", { type: "number", min: "0", max: String(total - 1), value: "0" });
  const back = h("button", { type: "button", onclick: () => turn(-ROWS) }, "Back");
  const on = h("button", { type: "button", onclick: () => turn(ROWS) }, "Next");
  const csv = h("button", { type: "button", onclick: table }, icon("download"), "All as CSV");
  const blank = h("input", { type: "checkbox", onchange: () => show() });
  /** @type {import("./api.js").TraceRow[]} */
  let rows = [];

  async function draw() {
    const first = Math.min(Math.max(Math.trunc(Number(from.value) || 0), 0), Math.max(total - 1, 0));
    try {
      rows = (await traces(dataset.id, { from: first, per_page: ROWS })).items;
      show();
    } catch (error) {
      fill(room, errorBox(error, draw));
    }
  }

  function show() {
    const first = rows[0]?.index ?? 0;
    place.textContent = rows.length ? `Traces ${first.toLocaleString()} to ${(first + rows.length - 1).toLocaleString()} of ${total.toLocaleString()}` : "No traces";
    back.disabled = first === 0;
    on.disabled = first + rows.length >= total;
    // Columns that are zero in all rows only take room.
    const names = Object.keys(rows[0]?.fields ?? {}).filter((name) => blank.checked || rows.some((row) => row.fields[name] !== 0));
    fill(room, h("table", {}, h("thead", {}, h("tr", {}, ["Trace", "State", "RMS", "Delay ms", "Gather", ...names].map((name) => h("th", { scope: "col", class: "number" }, name)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row", class: "number" }, String(row.index)), h("td", { class: "number" }, row.dead ? h("span", { class: "chip bad" }, row.missing ? "Dead" : "Filled") : "Live"),
        [number(row.rms, 4), row.delay_ms, row.gather, ...names.map((name) => row.fields[name])].map((value) => h("td", { class: "number" }, String(value))))))));
  }

  /** @param {number} by */
  function turn(by) {
    from.value = String(Math.max(0, (rows[0]?.index ?? 0) + by));
    draw();
  }

  async function table() {
    csv.disabled = true;
    try {
      save(await traceCsv(dataset.id), `${dataset.name.replace(/\.[^.]*$/, "")}_traces.csv`);
    } catch (error) {
      toastError(error);
    } finally {
      csv.disabled = false;
    }
  }

  from.addEventListener("change", draw);
  await draw();
  return h("div", { class: "stack" }, h("div", { class: "row spread" }, h("div", { class: "row" }, h("div", { class: "narrow" }, field("From trace", from)), back, on, place),
    h("div", { class: "row" }, h("label", { class: "check" }, blank, "Columns of zeros too"), csv)), room);
}
