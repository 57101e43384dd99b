// Taking results along: formats of other tools, tables, and the originals.

import { field, h } from "../../dom.js";
import { save } from "../../download.js";
import { patiently } from "../../faults.js";
import { bytes } from "../../format.js";
import { formDialog } from "../../elements/dialog.js";
import { toast } from "../../toasts.js";
import { beginExport, exportFile, exportNow, exportState } from "./api.js";
import "../../elements/progress-bar.js";

const FORMATS = [
  ["csv", "Table (CSV)", "one line an object"], ["xlsx", "Table (Excel)", "one line an object"], ["coco", "COCO", "polygons, RLE for holes"], ["json", "JSON", "everything as stored"], ["masks", "Masks", "label and black-and-white pictures"],
  ["imagej", "ImageJ", "RoiSet for the ROI manager"], ["cvat", "CVAT", "XML 1.1"], ["datumaro", "Datumaro", "JSON"], ["yolo", "YOLO", "boxes"], ["yolo-seg", "YOLO segments", "outer outlines"],
];
const AT_ONCE = 50;
const LOOK_MS = 700;

/** @param {{ project: { id: string, title: string, image_count?: number }, imageIds: string[] | null }} what ids null: all images */
export function exportDialog({ project, imageIds }) {
  const count = imageIds?.length ?? project.image_count ?? 0;
  const bar = document.createElement("pt-progress");
  const state = h("div", { hidden: true }, h("small", {}, "The export is being made."), bar);
  formDialog(`Export ${count === 1 ? "1 image" : `${count} images`}`, [
    h("fieldset", {}, h("legend", {}, "Formats"), h("div", { class: "formats" }, FORMATS.map(([value, text, hint]) =>
      h("label", { class: "row check" }, h("input", { type: "checkbox", name: "format", value, checked: value === "csv" }), h("span", {}, text, h("small", { class: "block" }, hint)))))),
    field("Units", h("select", { name: "units" }, h("option", { value: "px" }, "Pixels"), h("option", { value: "um" }, "µm where images are calibrated"))),
    h("label", { class: "row check" }, h("input", { type: "checkbox", name: "images" }), "Add the original files"), state,
  ], async (data) => {
    const formats = data.getAll("format").map(String);
    if (!formats.length) throw new Error("Choose at least one format.");
    const wish = { format: formats.join(","), units: data.get("units"), includeImages: data.has("images") };
    if (count <= AT_ONCE && !wish.includeImages) {
      const answer = await exportNow(project.id, { ...wish, imageIds: imageIds?.join(",") });
      save(await answer.blob(), nameIn(answer) ?? "export.zip");
      return;
    }
    state.hidden = false;
    const made = await finished(await beginExport(project.id, { ...wish, ...(imageIds ? { imageIds } : {}) }), bar);
    save(await exportFile(made.id), made.fileName ?? "export.zip");
    toast(`The export is ready${made.size ? ` (${bytes(made.size)})` : ""}.`, "success");
  }, "Export");
}

/** @param {import("./api.js").Export} begun @param {HTMLElement} bar */
async function finished(begun, bar) {
  let state = begun;
  while (state.status === "queued" || state.status === "processing") {
    bar.setAttribute("value", String(state.progress));
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    state = await patiently(() => exportState(begun.id));
  }
  if (state.status !== "completed") throw new Error(state.error ?? `The export is ${state.status}.`);
  return state;
}

/** The file's name in the answer's headers. @param {Response} answer */
function nameIn(answer) {
  const header = answer.headers.get("Content-Disposition") ?? "";
  const encoded = header.match(/filename\*=UTF-8''([^;]+)/i)?.[1];
  return encoded ? decodeURIComponent(encoded) : header.match(/filename="([^"]+)"/)?.[1];
}
