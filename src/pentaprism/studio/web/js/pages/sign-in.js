// Log-in and registration; one account for all faces.

import { field, fill, h } from "../dom.js";
import { logIn, register } from "../session.js";

export default function signIn() {
  const box = h("section", { class: "card sign-in" });
  draw(box, false);
  return box;
}

/** @param {HTMLElement} box @param {boolean} fresh */
function draw(box, fresh) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const email = h("input", { type: "email", name: "email", required: true, autocomplete: "username" });
  const password = h("input", { type: "password", name: "password", required: true, minLength: 8, maxLength: 128, autocomplete: fresh ? "new-password" : "current-password" });
  const name = h("input", { name: "name", maxLength: 100, autocomplete: "name" });
  const send = h("button", { class: "primary" }, fresh ? "Create account" : "Log in");
  const form = h("form", {
    onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      send.disabled = true;
      problem.hidden = true;
      try {
        await (fresh ? register(email.value, password.value, name.value) : logIn(email.value, password.value));
      } catch (error) {
        const { message, requestId } = /** @type {any} */ (error);
        problem.textContent = requestId ? `${message} (request ${requestId})` : message;
        problem.hidden = false;
      } finally {
        send.disabled = false;
      }
    },
  }, fresh ? field("Name", name) : null, field("E-mail", email), field("Password", password, fresh ? "At least 8 characters" : undefined), problem, send);
  fill(box, h("h1", {}, fresh ? "Create an account" : "Welcome"), h("p", { class: "quiet" }, "One account for cells, cut-outs, products, seismic and assets, on your own machine."), form,
    h("p", {}, fresh ? "You have an account? " : "New here? ", h("button", { type: "button", class: "link", onclick: () => draw(box, !fresh) }, fresh ? "Log in" : "Create an account")));
  queueMicrotask(() => email.focus());
}
