// Exports: the rows of the face as a file.

import { field, h } from "../../dom.js";
import { save } from "../../download.js";
import { formDialog } from "../../elements/dialog.js";
import { toast } from "../../toasts.js";
import { exported } from "./api.js";

/** @param {import("./api.js").Filter & { product_id?: string }} filter what is exported: that which the page shows */
export function exportDialog(filter) {
  const filtered = Object.values(filter).some(Boolean);
  const what = h("select", { name: "what" }, filter.product_id ? null : h("option", { value: "products" }, "Products"), h("option", { value: "analysis" }, "What was found in the photos"));
  const format = h("select", { name: "format" }, h("option", { value: "csv" }, "CSV, for spreadsheets"), h("option", { value: "json" }, "JSON, for programs"));
  const scope = filter.product_id ? "This product." : filtered ? "Only what the filters of the board let through." : "All your products.";
  formDialog("Export", [h("p", { class: "quiet" }, scope), field("Rows", what), field("Format", format)], async () => {
    const kind = what.value === "products" ? "products" : "analysis";
    const name = `${kind}.${format.value}`;
    save(await exported(kind, { ...filter, format: format.value }), name);
    toast(`${name} is ready.`, "success");
  }, "Download");
}
