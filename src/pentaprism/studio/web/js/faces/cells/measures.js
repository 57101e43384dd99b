// What is measured of each object, in the order of the table; calibrated images show µm in place of pixels.

import { number } from "../../format.js";

/** @typedef {{ key: string, title: string, unit: string, um?: string, umUnit?: string }} Measure */

/** @type {Measure[]} */
export const MEASURES = [
  { key: "area", title: "Area", unit: "px²", um: "area_um2", umUnit: "µm²" },
  { key: "equivalent_diameter", title: "Diameter", unit: "px", um: "equivalent_diameter_um", umUnit: "µm" },
  { key: "circularity", title: "Circularity", unit: "" },
  { key: "mean_intensity", title: "Mean intensity", unit: "" },
  { key: "confidence", title: "Confidence", unit: "" },
  { key: "perimeter", title: "Perimeter", unit: "px", um: "perimeter_um", umUnit: "µm" },
  { key: "feret_diameter_max", title: "Feret max", unit: "px", um: "feret_diameter_max_um", umUnit: "µm" },
  { key: "feret_diameter_min", title: "Feret min", unit: "px", um: "feret_diameter_min_um", umUnit: "µm" },
  { key: "major_axis", title: "Major axis", unit: "px", um: "major_axis_um", umUnit: "µm" },
  { key: "minor_axis", title: "Minor axis", unit: "px", um: "minor_axis_um", umUnit: "µm" },
  { key: "aspect_ratio", title: "Aspect ratio", unit: "" },
  { key: "eccentricity", title: "Eccentricity", unit: "" },
  { key: "solidity", title: "Solidity", unit: "" },
  { key: "convexity", title: "Convexity", unit: "" },
  { key: "sphericity", title: "Sphericity", unit: "" },
  { key: "volume_sphere", title: "Volume as sphere", unit: "px³", um: "volume_sphere_um3", umUnit: "µm³" },
  { key: "hole_count", title: "Holes", unit: "" },
  { key: "hole_area", title: "Area of holes", unit: "px²" },
  { key: "std_intensity", title: "Intensity std", unit: "" },
  { key: "integrated_intensity", title: "Integrated intensity", unit: "" },
  { key: "orientation", title: "Orientation", unit: "°" },
];

/** @param {import("./api.js").Polygon} object @param {Measure} measure @param {boolean} calibrated @returns {number | null} null while it is measured */
export function valueOf(object, measure, calibrated) {
  if (measure.key === "confidence") return object.confidence ?? null;
  return object.features?.[calibrated && measure.um ? measure.um : measure.key] ?? null;
}

/** @param {Measure} measure @param {boolean} calibrated */
export function unitOf(measure, calibrated) {
  return calibrated && measure.umUnit ? measure.umUnit : measure.unit;
}

/** @param {Measure} measure @param {boolean} calibrated */
export function titleOf(measure, calibrated) {
  const unit = unitOf(measure, calibrated);
  return unit ? `${measure.title} (${unit})` : measure.title;
}

/** @param {number | null} value */
export const shown = (value) => number(value, 4);
