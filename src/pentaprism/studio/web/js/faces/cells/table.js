// The objects as a table. A row and its outline in the picture are chosen together; columns sort.

import { fill, h } from "../../dom.js";
import { MEASURES, shown, titleOf, valueOf } from "./measures.js";

const PAGE = 100;

/** @typedef {import("./api.js").Polygon} Polygon */

/**
 * @param {import("./model.js").Model} model @param {() => boolean} calibrated
 * @param {(object: Polygon) => void} visit bring an object into the picture
 */
export function objectTable(model, calibrated, visit) {
  const head = h("thead");
  const body = h("tbody");
  const pages = h("div", { class: "row spread" });
  const box = h("div", { class: "scroll measures", tabIndex: 0, role: "region", "aria-label": "Measurements" }, h("table", {}, head, body));
  let sort = { key: "label", down: false };
  let page = 0;
  /** @type {Polygon[]} */
  let order = [];
  /** @type {Map<string, HTMLTableRowElement>} */
  let rows = new Map();

  function drawHead() {
    /** @param {string} key @param {string} title */
    const cell = (key, title) => h("th", { class: "number", scope: "col", "aria-sort": sort.key === key ? (sort.down ? "descending" : "ascending") : "none" },
      h("button", { type: "button", class: "link", onclick: () => arrange(key) }, title, sort.key === key ? (sort.down ? " ↓" : " ↑") : ""));
    fill(head, h("tr", {}, cell("label", "No."), MEASURES.map((measure) => cell(measure.key, titleOf(measure, calibrated())))));
  }

  /** @param {string} key */
  function arrange(key) {
    sort = { key, down: sort.key === key ? !sort.down : key !== "label" };
    page = 0;
    draw();
  }

  function draw() {
    drawHead();
    const measure = MEASURES.find((each) => each.key === sort.key);
    /** @param {Polygon} object */
    const by = (object) => (measure ? valueOf(object, measure, calibrated()) : (object.label ?? Infinity));
    const values = new Map(model.objects.map((object) => [object, by(object)]));
    order = [...values.keys()].sort((one, two) => {
      const [a, b] = [values.get(one) ?? null, values.get(two) ?? null];
      if (a === null || b === null) return Number(a === null) - Number(b === null);
      return sort.down ? b - a : a - b;
    });
    page = Math.max(0, Math.min(page, Math.ceil(order.length / PAGE) - 1));
    drawRows();
  }

  function drawRows() {
    const some = order.slice(page * PAGE, (page + 1) * PAGE);
    rows = new Map(some.map((object) => [object.id, row(object)]));
    fill(body, some.length ? [...rows.values()] : h("tr", {}, h("td", { colSpan: MEASURES.length + 1, class: "quiet" }, "No objects yet.")));
    const last = Math.ceil(order.length / PAGE);
    fill(pages, last < 2 ? null : [
      h("button", { type: "button", disabled: page === 0, onclick: () => turn(page - 1) }, "Previous"), h("small", {}, `${page * PAGE + 1} to ${page * PAGE + some.length} of ${order.length}`),
      h("button", { type: "button", disabled: page + 1 >= last, onclick: () => turn(page + 1) }, "Next"),
    ]);
    mark();
  }

  /** @param {number} to */
  function turn(to) {
    page = to;
    drawRows();
  }

  /** @param {Polygon} object */
  function row(object) {
    const name = object.label ? String(object.label) : "new";
    return h("tr", {
      onclick: (/** @type {MouseEvent} */ event) => {
        if (event.shiftKey || event.ctrlKey || event.metaKey) model.toggle(object.id, "table");
        else model.select([object.id], "table");
        visit(object);
      },
      onpointerenter: () => model.hover(object.id),
      onpointerleave: () => model.hover(null),
      dataset: { id: object.id },
    }, h("td", { class: "number" }, h("button", { type: "button", class: "link", "aria-label": `Object ${name}` }, name)), MEASURES.map((measure) => {
      const value = valueOf(object, measure, calibrated());
      const waits = value === null && !object.features && object.valid !== false;
      return h("td", { class: "number" }, waits && measure.key !== "confidence" ? "…" : shown(value));
    }));
  }

  function mark() {
    for (const [id, element] of rows) {
      element.setAttribute("aria-selected", String(model.selected.has(id)));
      element.classList.toggle("hovered", model.hovered === id);
    }
  }

  /** Turn to the row of what was chosen in the picture. */
  function follow() {
    const [id] = model.selected;
    const at = order.findIndex((object) => object.id === id);
    if (at < 0) return;
    if (Math.floor(at / PAGE) !== page) turn(Math.floor(at / PAGE));
    const element = rows.get(id);
    // Only the table scrolls, not the page.
    if (element) box.scrollTop = Math.max(Math.min(box.scrollTop, element.offsetTop - element.offsetHeight - 8), element.offsetTop + 2 * element.offsetHeight - box.clientHeight);
  }

  model.addEventListener("change", draw);
  model.addEventListener("measure", draw);
  model.addEventListener("hover", mark);
  model.addEventListener("select", (event) => {
    mark();
    if (/** @type {CustomEvent} */ (event).detail === "picture") follow();
  });
  draw();
  return { element: h("div", { class: "stack" }, box, pages), draw };
}
