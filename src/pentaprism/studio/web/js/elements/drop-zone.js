// <pt-drop-zone>: files by dropping, by choosing or by pasting. Fires "files" with a list of File objects.

import { fill, h } from "../dom.js";

export class DropZone extends HTMLElement {
  /** What may be chosen, as for <input accept>. */
  accept = "";
  multiple = true;
  text = "Drop files here or choose them";

  connectedCallback() {
    const input = h("input", { type: "file", accept: this.accept, multiple: this.multiple, class: "visually-hidden", onchange: () => this.take(input.files, input) });
    fill(this, h("label", {}, input, h("strong", {}, this.text), h("small", {}, this.getAttribute("hint") ?? "")));
    this.addEventListener("dragover", this.over);
    this.addEventListener("dragleave", this.out);
    this.addEventListener("drop", this.drop);
    document.addEventListener("paste", this.paste);
  }

  disconnectedCallback() {
    document.removeEventListener("paste", this.paste);
  }

  over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    this.classList.add("over");
  };

  out = () => this.classList.remove("over");

  drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    this.out();
    this.take(event.dataTransfer?.files ?? null);
  };

  paste = (/** @type {ClipboardEvent} */ event) => {
    const files = event.clipboardData?.files;
    if (files?.length && !(event.target instanceof HTMLInputElement) && !(event.target instanceof HTMLTextAreaElement)) this.take(files);
  };

  /** @param {FileList | null} files @param {HTMLInputElement} [input] */
  take(files, input) {
    if (files?.length) this.dispatchEvent(new CustomEvent("files", { detail: [...files] }));
    if (input) input.value = "";
  }
}

customElements.define("pt-drop-zone", DropZone);
