// The sections of the Studio, one a face, and the administration. Pages and job adapters are loaded when they are needed.

/**
 * @typedef {object} Section
 * @property {string} name part of the address
 * @property {string} title
 * @property {"cells" | "cutouts" | "products" | "seismic" | "assets" | "admin"} icon
 * @property {string} text what it is for, in a sentence
 * @property {() => Promise<{ default: (place: import("./router.js").Place) => HTMLElement | Promise<HTMLElement> }>} page
 * @property {(() => Promise<{ adapter: import("./queue.js").Adapter }>) | null} jobs
 * @property {boolean} [adminOnly]
 */

/** @type {Section[]} */
export const SECTIONS = [
  {
    name: "cells", title: "Cells", icon: "cells", text: "Spheroids and cells as measured polygons.",
    page: () => import("./faces/cells/page.js"), jobs: () => import("./faces/cells/jobs.js"),
  },
  {
    name: "cutouts", title: "Cut-outs", icon: "cutouts", text: "Click on anything in a picture and take it with you.",
    page: () => import("./faces/cutouts/page.js"), jobs: () => import("./faces/cutouts/jobs.js"),
  },
  {
    name: "products", title: "Products", icon: "products", text: "Product photos to category, attributes, defects and text.",
    page: () => import("./faces/products/page.js"), jobs: () => import("./faces/products/jobs.js"),
  },
  {
    name: "seismic", title: "Seismic", icon: "seismic", text: "Missing traces back, noise away, headers kept.",
    page: () => import("./faces/seismic/page.js"), jobs: () => import("./faces/seismic/jobs.js"),
  },
  {
    name: "assets", title: "Assets", icon: "assets", text: "One prompt, a picture for every platform.",
    page: () => import("./faces/assets/page.js"), jobs: () => import("./faces/assets/jobs.js"),
  },
  {
    name: "admin", title: "Admin", icon: "admin", text: "Keys, models, queue and health of this installation.",
    page: () => import("./faces/admin/page.js"), jobs: null,
  },
];
