// Keys for programs. A key is shown once, when it is made.

import { field, h, icon } from "../../dom.js";
import { ago } from "../../format.js";
import { request } from "../../http.js";
import { ask, formDialog } from "../../elements/dialog.js";
import { toast, toastError } from "../../toasts.js";
import { table } from "./health.js";

const FACE = "imagineai";
const PATH = "/api/v1/api-keys";

export async function keys() {
  const found = await request(FACE, PATH);
  const list = found.items ?? found;
  const box = h("div", { class: "card stack" },
    h("div", { class: "row spread" }, h("h2", {}, "API keys"), h("button", { type: "button", class: "primary", onclick: create }, icon("plus"), "New key")),
    h("p", { class: "quiet" }, "Keys made here open the products face. Keys for other faces and scopes are made with `pentaprism apikey` on the server."),
    list.length ? table(["Name", "Scopes", "Made", "Ends", ""], list.map((/** @type {any} */ key) => row(key))) : h("p", { class: "empty" }, "No keys yet. A program signs in with a key in place of e-mail and password."));

  function create() {
    const write = h("input", { type: "checkbox", name: "write" });
    formDialog("New key", [field("Name", h("input", { name: "name", required: true, maxLength: 100 }), "What will use it"), h("label", { class: "row" }, write, "May also change things")], async (data) => {
      const made = await request(FACE, PATH, { json: { name: data.get("name"), scopes: write.checked ? ["read", "write"] : ["read"] } });
      show(made.key);
      box.replaceWith(await keys());
    }, "Make key");
  }

  /** @param {any} key */
  function row(key) {
    return h("tr", {}, h("th", { scope: "row" }, key.name), h("td", {}, key.scopes.join(", ")), h("td", {}, ago(key.created_at)), h("td", {}, key.expires_at ? ago(key.expires_at) : "never"),
      h("td", {}, h("button", { type: "button", class: "plain", "aria-label": `Revoke ${key.name}`, onclick: () => revoke(key) }, icon("trash"))));
  }

  /** @param {any} key */
  async function revoke(key) {
    if (!(await ask(`Revoke the key ${key.name}?`, { detail: "Programs that use it are refused at once.", confirm: "Revoke", danger: true }))) return;
    try {
      await request(FACE, `${PATH}/${key.id}`, { method: "DELETE" });
      box.replaceWith(await keys());
    } catch (error) {
      toastError(error);
    }
  }
  return box;
}

/** @param {string} key */
function show(key) {
  const text = h("input", { value: key, readOnly: true, "aria-label": "The new key" });
  const dialog = h("dialog", { class: "ask", onclose: () => dialog.remove() }, h("h2", {}, "Copy the key now"), h("p", {}, "It is not shown again."), text,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: async () => {
      await navigator.clipboard?.writeText(key);
      toast("Copied", "success");
    } }, "Copy"), h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Done")));
  document.body.append(dialog);
  dialog.showModal();
  text.select();
}
