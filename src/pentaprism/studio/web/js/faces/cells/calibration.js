// The size of a pixel: typed in, or from a line of known length in the picture.

import { field, h } from "../../dom.js";
import { formDialog } from "../../elements/dialog.js";
import { distance } from "./geometry.js";
import { calibrateImage, changeProject } from "./api.js";

const SOURCES = { image: "set on this image", ome: "from the file (OME)", imagej: "from the file (ImageJ)", tiff: "from the file", project: "from the project" };

/** @typedef {import("./api.js").Point} Point */

/** @param {import("./api.js").Image} image @param {boolean} mayEditProject @param {[Point, Point] | null} line @param {(image: import("./api.js").Image | null) => Promise<void>} done */
export function calibrationDialog(image, mayEditProject, line, done) {
  const size = image.pixel_size_um;
  const x = number("x", size?.x);
  const y = number("y", size?.y);
  const pixels = line ? distance(...line) : 0;
  const known = number("known", undefined);
  known.addEventListener("input", () => (x.value = y.value = known.value ? String(Number((Number(known.value) / pixels).toPrecision(6))) : ""));
  formDialog("Calibration", [
    h("p", { class: "quiet" }, size ? `Now ${size.x === size.y ? size.x : `${size.x} × ${size.y}`} µm, ${SOURCES[/** @type {keyof typeof SOURCES} */ (size.source)] ?? size.source}.` : "This image has no calibration: everything is measured in pixels."),
    line ? field(`The line of ${pixels.toFixed(1)} px is this long in µm`, known) : h("p", { class: "quiet" }, "With the ruler you can draw a line of known length first."),
    h("div", { class: "pair" }, field("Width of a pixel in µm", x), field("Height of a pixel in µm", y)),
    field("For", h("select", { name: "whom" }, h("option", { value: "image" }, "This image"), mayEditProject ? h("option", { value: "project" }, "All images of the project without a size of their own") : null)),
    h("p", {}, h("small", {}, "Empty fields take the calibration away. No new run is needed.")),
  ], async (data) => {
    const [width, height] = [x.value, y.value || x.value].map(Number);
    const given = x.value ? { x: width, y: height } : null;
    if (data.get("whom") === "project") {
      await changeProject(image.project_id, { pixel_size_um: given });
      await done(null);
    } else await done(await calibrateImage(image.id, given));
  });
}

/** @param {string} name @param {number | undefined} value */
const number = (name, value) => h("input", { type: "number", name, step: "any", min: name === "known" ? "0" : "0.001", max: name === "known" ? null : "1000", value: value ?? "" });
