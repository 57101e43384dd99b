// The tools above the picture with their keys, and the line below it that says what can be done.

import { fill, h, icon } from "../../dom.js";
import { number } from "../../format.js";
import { distance } from "./geometry.js";

/** @typedef {import("./tools.js").Tool} Tool */

/** @type {{ tool: Tool, title: string, key: string, edits: boolean, hint: string }[]} */
const TOOLS = [
  { tool: "select", title: "Select", key: "v", edits: false, hint: "Click an object; Shift adds more. Drag its points, drag its edge to make one, Delete takes the held point or the object." },
  { tool: "draw", title: "Draw", key: "d", edits: true, hint: "Drag around an object, or click its corners and close with a double click or Enter. With Shift the drawing is added to the selected object." },
  { tool: "hole", title: "Hole", key: "h", edits: true, hint: "Drag around what is not part of the object; across its border a piece is cut off." },
  { tool: "split", title: "Split", key: "x", edits: true, hint: "Drag a line right across an object: it becomes two." },
  { tool: "ruler", title: "Ruler", key: "r", edits: false, hint: "Drag a line to measure it." },
];
const READ_ONLY = "Click an object; Shift adds more. You may look at this project, not change it.";

/**
 * @param {import("./tools.js").Tools} tools @param {import("./model.js").Model} model @param {boolean} mayEdit
 * @param {{ pixelSize: () => import("./api.js").PixelSize | null, calibrate: () => void, save: () => void }} page
 */
export function toolbar(tools, model, mayEdit, page) {
  const hint = h("p", { class: "hint quiet", "aria-live": "polite" });
  const choices = TOOLS.filter(({ edits }) => mayEdit || !edits).map((each) =>
    /** @type {const} */ ([each, h("button", { type: "button", title: `${each.title} (${each.key.toUpperCase()})`, onclick: () => tools.choose(each.tool) }, each.title)]));
  const undo = h("button", { type: "button", class: "plain", "aria-label": "Undo", title: "Undo (Ctrl+Z)", onclick: () => model.undo() }, icon("undo"));
  const redo = h("button", { type: "button", class: "plain", "aria-label": "Redo", title: "Redo (Ctrl+Shift+Z)", onclick: () => model.redo() }, icon("redo"));
  const merge = h("button", { type: "button", title: "Merge the selected objects (M)", onclick: () => tools.merge() }, "Merge");
  const simplify = h("button", { type: "button", title: "Fewer points on the outline", onclick: () => tools.simplify() }, "Simplify");
  const remove = h("button", { type: "button", title: "Delete", onclick: () => tools.remove() }, icon("trash"), h("span", {}, "Delete"));

  function draw() {
    for (const [{ tool }, button] of choices) button.setAttribute("aria-pressed", String(tools.tool === tool));
    undo.disabled = !model.canUndo;
    redo.disabled = !model.canRedo;
    merge.disabled = model.selected.size < 2;
    simplify.disabled = !model.selected.size;
    remove.disabled = !model.selected.size && !model.point;
    fill(/** @type {Element} */ (remove.lastElementChild), model.point ? "Delete point" : model.selected.size > 1 ? `Delete ${model.selected.size}` : "Delete");
    const chosen = TOOLS.find(({ tool }) => tool === tools.tool);
    if (tools.ruler) fill(hint, `${length(tools.ruler, page.pixelSize())} `, mayEdit ? h("button", { type: "button", class: "link", onclick: page.calibrate }, "Calibrate with this line") : null);
    else if (tools.corners) fill(hint, `${tools.corners} corner${tools.corners === 1 ? "" : "s"} set. `, h("button", { type: "button", class: "link", onclick: () => tools.finish() }, "Close the outline"));
    else fill(hint, mayEdit || tools.tool === "ruler" ? (chosen?.hint ?? "") : READ_ONLY);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key meant something */
  function key(event) {
    const control = event.ctrlKey || event.metaKey;
    const name = event.key.toLowerCase();
    const step = event.shiftKey ? 0.1 : 1;
    /** @type {Record<string, [number, number]>} */
    const arrows = { arrowleft: [-step, 0], arrowright: [step, 0], arrowup: [0, -step], arrowdown: [0, step] };
    const chosen = TOOLS.find((each) => each.key === name && (mayEdit || !each.edits));
    if (control && mayEdit && name === "z") (event.shiftKey ? model.redo() : model.undo());
    else if (control && mayEdit && name === "y") model.redo();
    else if (control && mayEdit && name === "s") page.save();
    else if (control) return false;
    else if (chosen && !event.altKey) tools.choose(chosen.tool);
    else if (name === "escape") (tools.busy || tools.ruler ? tools.choose(tools.tool === "ruler" ? "select" : tools.tool) : model.select([]));
    else if (name === "enter" && tools.corners) tools.finish();
    else if (mayEdit && name === "m") tools.merge();
    else if (mayEdit && (name === "delete" || name === "backspace") && (model.point || model.selected.size)) tools.remove();
    else if (mayEdit && arrows[name] && model.point) return tools.nudge(...arrows[name]);
    else return false;
    return true;
  }

  model.addEventListener("change", draw);
  model.addEventListener("select", draw);
  tools.addEventListener("tool", draw);
  draw();
  const edits = mayEdit ? [h("span", { class: "row group" }, merge, simplify, remove), h("span", { class: "row group" }, undo, redo)] : [];
  return { bar: h("div", { class: "row toolbar", role: "toolbar", "aria-label": "Tools" }, h("span", { class: "row group" }, choices.map(([, button]) => button)), edits), hint, key, draw };
}

/** @param {[import("./api.js").Point, import("./api.js").Point]} line @param {import("./api.js").PixelSize | null} size */
function length([a, b], size) {
  const pixels = `${number(distance(a, b), 4)} px`;
  return size ? `${pixels} · ${number(Math.hypot((b.x - a.x) * size.x, (b.y - a.y) * size.y), 4)} µm` : pixels;
}
