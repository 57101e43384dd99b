// Cells: projects, the images of one, and the viewer of an image.

import { h } from "../../dom.js";
import { go } from "../../router.js";
import { styles } from "../../styles.js";
import { toast } from "../../toasts.js";
import { accept } from "./api.js";

/** @param {import("../../router.js").Place} place */
export default async function page({ parts }) {
  const loaded = styles("cells");
  const [, kind, id] = parts;
  if (kind === "invitation" && id) return invited(id);
  const load = kind === "images" && id ? import("./viewer.js") : kind === "projects" && id ? import("./project.js") : import("./projects.js");
  const [made] = await Promise.all([load, loaded]);
  return made.default(id);
}

/** @param {string} token */
async function invited(token) {
  const { data } = await accept(token);
  toast(`${data.title} is shared with you now.`, "success");
  go(`/cells/projects/${data.id}`);
  return h("p", {}, data.title);
}
