// Every stored state of an image's outlines: look at it, and bring it back.

import { fill, h } from "../../dom.js";
import { ago } from "../../format.js";
import { errorBox } from "../../toasts.js";
import { versions } from "./api.js";

const SOURCES = { model: "Found by a model", manual: "Edited", restore: "Brought back", import: "Imported" };

/**
 * @param {string} imageId @param {boolean} mayEdit
 * @param {{ look: (number: number) => Promise<void>, restore: (number: number) => Promise<void> }} actions
 */
export function versionList(imageId, mayEdit, actions) {
  const list = h("ol", { class: "plain-list versions", "aria-label": "Versions" });
  async function load() {
    try {
      const { versions: found } = await versions(imageId);
      fill(list, found.length ? found.map(line) : h("li", { class: "quiet" }, "No version yet. A run or an edit makes the first one."));
    } catch (error) {
      fill(list, h("li", {}, errorBox(error, load)));
    }
  }
  /** @param {import("./api.js").Version} version */
  const line = (version) => h("li", { class: "row spread", "aria-current": version.current ? "true" : null },
    h("span", {}, h("b", {}, `Version ${version.version}`), version.current ? h("span", { class: "chip good" }, "Shown") : null,
      h("small", { class: "block" }, `${SOURCES[/** @type {keyof typeof SOURCES} */ (version.source)] ?? version.source}${version.source === "model" && version.model?.used ? ` (${version.model.used})` : ""} · ${version.cell_count} object${version.cell_count === 1 ? "" : "s"} · ${ago(version.created_at)}`)),
    version.current ? null : h("span", { class: "row" }, h("button", { type: "button", "aria-label": `Look at version ${version.version}`, onclick: () => actions.look(version.version) }, "Look"),
      mayEdit ? h("button", { type: "button", "aria-label": `Restore version ${version.version}`, onclick: () => actions.restore(version.version) }, "Restore") : null));
  return { element: list, load };
}
