// One project: its images with their state as it is now, uploads, runs, exports and sharing.

import { fill, h, icon } from "../../dom.js";
import { number } from "../../format.js";
import { ask } from "../../elements/dialog.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import { deleteImages, project as load, statistics } from "./api.js";
import { exportDialog } from "./export.js";
import { Gallery } from "./gallery.js";
import { dropProject, editProject } from "./project-forms.js";
import { runDialog } from "./run.js";
import { sender } from "./sender.js";
import { sharingDialog } from "./sharing.js";

/** @param {string} id */
export default async function projectPage(id) {
  let project = await load(id);
  const head = h("div", { class: "row spread project-head" });
  const numbers = h("p", { class: "quiet", "aria-live": "polite" });
  const gallery = new Gallery(id, project.permission !== "view");
  const bulk = h("div", { class: "row bulk" });
  const mayEdit = project.permission !== "view";

  async function count() {
    const found = await statistics(id);
    const median = found.summary.equivalent_diameter_um?.median;
    const plain = found.summary.equivalent_diameter?.median;
    numbers.textContent = found.total_objects ? `${found.total_objects} objects · median diameter ${median ? `${number(median)} µm` : `${number(plain)} px`}` : "";
  }

  function drawHead() {
    document.title = `${project.title} – Pentaprism Studio`;
    fill(head,
      h("div", { class: "grow" }, h("a", { href: "#/cells", class: "back" }, "‹ All projects"), h("h1", { class: "break" }, project.title), project.description ? h("p", { class: "quiet break" }, project.description) : null,
        h("div", { class: "row chips" }, project.tags.map((tag) => h("span", { class: "chip" }, tag)), project.is_owner ? null : h("span", { class: "chip busy" }, `${project.owner_name}: ${mayEdit ? "may edit" : "may look"}`)), numbers),
      h("div", { class: "row" },
        mayEdit ? h("button", { type: "button", class: "primary", onclick: () => run(null) }, icon("cells"), "Find cells in all") : null,
        h("button", { type: "button", onclick: () => exportDialog({ project: { ...project, image_count: gallery.total }, imageIds: null }) }, icon("download"), "Export"),
        project.is_owner ? h("button", { type: "button", onclick: () => sharingDialog(project) }, icon("user"), "Share") : null,
        mayEdit ? h("button", { type: "button", onclick: change }, "Change") : null,
        project.is_owner ? h("button", { type: "button", class: "plain", "aria-label": "Delete project", title: "Delete project", onclick: () => drop().catch(toastError) }, icon("trash")) : null));
  }

  async function change() {
    project = await editProject(project);
    drawHead();
    count().catch(toastError);
    gallery.reload().catch(toastError);
  }

  async function drop() {
    if (!(await dropProject({ ...project, image_count: gallery.total }))) return;
    toast(`${project.title} is deleted.`, "success");
    go("/cells");
  }

  /** @param {string[] | null} ids */
  function run(ids) {
    if (!gallery.total) toast("There is no image yet: drop some files first.");
    else runDialog({ projectId: id, imageIds: ids }, () => gallery.reload().catch(toastError)).catch(toastError);
  }

  function drawBulk() {
    const ids = [...gallery.chosen];
    bulk.hidden = !ids.length;
    fill(bulk, h("b", {}, `${ids.length} chosen`),
      mayEdit ? h("button", { type: "button", onclick: () => run(ids) }, "Find cells") : null,
      h("button", { type: "button", onclick: () => exportDialog({ project, imageIds: ids }) }, "Export"),
      mayEdit ? h("button", { type: "button", onclick: () => remove(ids).catch(toastError) }, icon("trash"), "Delete") : null,
      h("button", { type: "button", class: "link", onclick: () => gallery.choose([]) }, "Choose none"));
  }

  /** @param {string[]} ids */
  async function remove(ids) {
    if (!(await ask(`Delete ${ids.length === 1 ? "this image" : `${ids.length} images`}?`, { detail: "They go with all their versions, for good.", confirm: "Delete", danger: true }))) return;
    const { deletedCount } = await deleteImages(id, ids);
    toast(`${deletedCount} deleted.`, "success");
    gallery.choose([]);
    await gallery.reload();
  }

  gallery.onchoose = drawBulk;
  gallery.onresults = () => count().catch(toastError);
  drawHead();
  drawBulk();
  await Promise.all([gallery.reload(), count()]);
  return h("section", { class: "stack cells" }, head, mayEdit ? sender(id, () => gallery.reload().catch(toastError)) : null, bulk, gallery.element);
}
