// Making, changing and deleting projects.

import { field, h } from "../../dom.js";
import { ask, formDialog } from "../../elements/dialog.js";
import { changeProject, createProject, deleteProject } from "./api.js";

/** @typedef {import("./api.js").Project} Project */

/** @returns {Promise<Project>} when it is made */
export const newProject = () => new Promise((resolve) => form("New project", null, async (wish) => resolve(await createProject(wish)), "Create project"));

/** @param {Project} project @returns {Promise<Project>} */
export const editProject = (project) => new Promise((resolve) => form("Change project", project, async (wish) => resolve(await changeProject(project.id, wish)), "Save"));

/** @param {Project} project @returns {Promise<boolean>} whether it is gone */
export async function dropProject(project) {
  const detail = `${project.image_count} image${project.image_count === 1 ? "" : "s"} with all segmentations go for good.`;
  if (!(await ask(`Delete ${project.title}?`, { detail, confirm: "Delete project", danger: true }))) return false;
  await deleteProject(project.id);
  return true;
}

/** @param {string} title @param {Project | null} project @param {(wish: Record<string, any>) => Promise<void>} submit @param {string} action */
function form(title, project, submit, action) {
  const size = project?.pixel_size_um?.x;
  formDialog(title, [
    field("Name", h("input", { name: "title", required: true, maxLength: 255, value: project?.title ?? "" })),
    field("Description", h("textarea", { name: "description", maxLength: 1000, value: project?.description ?? "" })),
    field("Tags", h("input", { name: "tags", value: project?.tags.join(", ") ?? "" }), "With commas between them"),
    field("Pixel size in µm", h("input", { name: "size", type: "number", step: "any", min: "0.001", max: "1000", value: size ?? "" }), "For images that bring none of their own; empty: measure in pixels"),
    !project || project.is_owner ? h("label", { class: "row check" }, h("input", { type: "checkbox", name: "public", checked: project?.public ?? false }), "Everybody with an account who knows the address may look") : "",
  ], async (data) => {
    const text = String(data.get("size"));
    await submit({
      title: data.get("title"),
      description: data.get("description"),
      tags: String(data.get("tags")).split(",").map((tag) => tag.trim()).filter(Boolean),
      // Two different sides of a pixel are set in the viewer; an untouched field keeps them.
      ...(text === String(size ?? "") ? {} : { pixel_size_um: text ? Number(text) : null }),
      ...(!project || project.is_owner ? { public: data.get("public") !== null } : {}),
    });
  }, action);
}
