// Style sheets of single sections, loaded with their first page.

import { BASE } from "./http.js";

const loaded = new Map();

/** Load `css/<name>.css` once. @param {string} name @returns {Promise<void>} when it applies */
export function styles(name) {
  if (!loaded.has(name)) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(`studio/css/${name}.css`, BASE).href;
    loaded.set(name, new Promise((resolve) => {
      link.addEventListener("load", resolve);
      link.addEventListener("error", resolve);
    }));
    document.head.append(link);
  }
  return loaded.get(name);
}
