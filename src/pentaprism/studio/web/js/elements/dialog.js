// Questions before something that would be regretted, and forms in a dialog.

import { h } from "../dom.js";

/**
 * Ask before doing. Resolves to true when confirmed.
 * @param {string} question @param {{ detail?: string, confirm?: string, danger?: boolean }} [options] @returns {Promise<boolean>}
 */
export function ask(question, { detail = "", confirm = "OK", danger = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "ask", onclose: () => (resolve(dialog.returnValue === "yes"), dialog.remove()) },
      h("form", { method: "dialog" }, h("h2", {}, question), detail ? h("p", {}, detail) : null,
        h("div", { class: "row end" }, h("button", { value: "no" }, "Cancel"), h("button", { value: "yes", class: danger ? "danger" : "primary" }, confirm))),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * A form in a dialog. `submit` gets the FormData; while it runs the dialog stays, and its error is shown inside.
 * @param {string} title @param {(Node | string)[]} content @param {(data: FormData) => Promise<void>} submit @param {string} [action]
 */
export function formDialog(title, content, submit, action = "Save") {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const send = h("button", { class: "primary" }, action);
  const dialog = h("dialog", { class: "ask", onclose: () => dialog.remove() });
  const form = h("form", {
    onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      send.disabled = true;
      try {
        await submit(new FormData(form));
        dialog.close();
      } catch (error) {
        const { message, requestId } = /** @type {any} */ (error);
        problem.textContent = requestId ? `${message} (request ${requestId})` : message;
        problem.hidden = false;
      } finally {
        send.disabled = false;
      }
    },
  }, h("h2", {}, title), ...content, problem, h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), send));
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
