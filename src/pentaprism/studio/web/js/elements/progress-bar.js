// <pt-progress value="40">: a bar of 0..100; without a value it only says that something goes on.

import { h } from "../dom.js";

export class ProgressBar extends HTMLElement {
  static observedAttributes = ["value", "label"];

  connectedCallback() {
    this.setAttribute("role", "progressbar");
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "100");
    if (!this.firstChild) this.append(h("span"));
    this.draw();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.draw();
  }

  draw() {
    const value = this.getAttribute("value");
    const bar = /** @type {HTMLElement} */ (this.firstElementChild);
    this.classList.toggle("endless", value === null);
    this.setAttribute("aria-label", this.getAttribute("label") ?? "Progress");
    if (value === null) this.removeAttribute("aria-valuenow");
    else this.setAttribute("aria-valuenow", String(Math.round(Number(value))));
    bar.style.width = value === null ? "" : `${Math.max(0, Math.min(100, Number(value)))}%`;
  }
}

customElements.define("pt-progress", ProgressBar);
