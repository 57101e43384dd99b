// Cut-outs: the way in, the bench with a picture, earlier jobs, batches.

import { h } from "../../dom.js";
import { styles } from "../../styles.js";
import { batchPage } from "./batch.js";
import { Bench } from "./bench.js";
import { jobPage } from "./job.js";
import { recall } from "./picture.js";
import { start } from "./start.js";

/** @param {import("../../router.js").Place} place */
export default async function page(place) {
  await styles("cutouts");
  const [, what, id] = place.parts;
  if (what === "jobs" && id) return jobPage(id, place.query.get("on") === "picture");
  if (what === "batches" && id) return batchPage(id);
  const picture = what === "pictures" && id ? recall(id) : null;
  return h("section", { class: "stack" },
    h("div", {}, h("h1", {}, "Cut-outs"), h("p", { class: "quiet" }, "Click on anything in a picture and take it with you.")),
    picture ? new Bench(picture).element : await start(what === "pictures"));
}
