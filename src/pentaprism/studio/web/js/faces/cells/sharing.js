// Who may look at a project or change it.

import { fill, h, icon } from "../../dom.js";
import { BASE } from "../../http.js";
import { errorBox, toast, toastError } from "../../toasts.js";
import { invite, share, shares, unshare } from "./api.js";

const RIGHTS = { view: "May look", edit: "May edit" };

/** @param {import("./api.js").Project} project */
export function sharingDialog(project) {
  const list = h("ul", { class: "plain-list", "aria-label": "Shared with" });
  const email = h("input", { type: "email", required: true, "aria-label": "E-mail", placeholder: "colleague@example.org" });
  const permission = rights();
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const add = h("button", { class: "primary" }, "Share");
  async function load() {
    const { data } = await shares(project.id);
    fill(list, data.length ? data.map(line) : h("li", { class: "quiet" }, "Only you can see this project."));
  }
  /** @param {import("./api.js").Share} given */
  const line = (given) => h("li", { class: "row spread" },
    h("span", {}, given.user_name ? `${given.user_name} · ` : "", given.email, h("small", { class: "block" }, `${RIGHTS[given.permission]}${given.is_pending ? " · has no account yet" : ""}`)),
    h("button", { type: "button", class: "plain", "aria-label": `Stop sharing with ${given.email}`, onclick: () => unshare(project.id, given.id).then(load).catch(toastError) }, icon("trash")));
  const form = h("form", {
    class: "row share-form",
    onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      add.disabled = true;
      problem.hidden = true;
      try {
        await share(project.id, { email: email.value, permission: permission.value });
        email.value = "";
        await load();
      } catch (error) {
        const { message, requestId } = /** @type {any} */ (error);
        fill(problem, requestId ? `${message} (request ${requestId})` : message);
        problem.hidden = false;
      } finally {
        add.disabled = false;
      }
    },
  }, email, permission, add);
  const dialog = h("dialog", { class: "ask sharing", onclose: () => dialog.remove() },
    h("h2", {}, `Share ${project.title}`), list, form, problem, invitation(project), h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Done")));
  document.body.append(dialog);
  dialog.showModal();
  load().catch((error) => fill(list, h("li", {}, errorBox(error))));
}

/** @param {import("./api.js").Project} project */
function invitation(project) {
  const permission = rights();
  const link = h("input", { readOnly: true, "aria-label": "Invitation link", hidden: true, onfocus: () => link.select() });
  const hint = h("small", { hidden: true }, "Works once, for seven days, for whoever opens it first.");
  const make = h("button", { type: "button", onclick: () => create().catch(toastError) }, "Make an invitation link");
  async function create() {
    const { data } = await invite(project.id, permission.value);
    link.value = new URL(`#/cells/invitation/${data.token}`, BASE).href;
    link.hidden = hint.hidden = false;
    await navigator.clipboard?.writeText(link.value).then(() => toast("The link is copied.", "success"), () => link.focus());
  }
  return h("div", { class: "invitation" }, h("h3", {}, "Or by link"), h("div", { class: "row" }, permission, make), link, hint);
}

const rights = () => h("select", { "aria-label": "Right" }, Object.entries(RIGHTS).map(([value, text]) => h("option", { value }, text)));
