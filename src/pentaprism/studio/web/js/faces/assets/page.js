// Assets: the composer with the history below it, or one job with its pictures.

import { h } from "../../dom.js";
import { styles } from "../../styles.js";
import { composer } from "./composer.js";
import { history } from "./history.js";
import { resultPage } from "./result.js";

/** @param {import("../../router.js").Place} place */
export default async function page(place) {
  await styles("assets");
  if (place.parts[1] === "jobs" && place.parts[2]) return resultPage(place.parts[2]);
  return h("section", { class: "stack" }, h("div", {}, h("h1", {}, "Assets"), h("p", { class: "quiet" }, "One prompt or one picture, cut for every platform.")), await composer(place.query), await history());
}
