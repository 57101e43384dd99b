// Numbers and times for people.

/** @param {number | null | undefined} bytes */
export function bytes(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(undefined, { maximumSignificantDigits: 3 })} ${units[unit]}`;
}

/** @param {number | null | undefined} value @param {number} [digits] */
export function number(value, digits = 3) {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : value.toLocaleString(undefined, { maximumSignificantDigits: digits });
}

/** @param {string | null | undefined} moment */
export function ago(moment) {
  if (!moment) return "–";
  const seconds = (Date.now() - new Date(moment).getTime()) / 1000;
  /** @type {[number, Intl.RelativeTimeFormatUnit][]} */
  const steps = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];
  let value = seconds;
  for (const [size, unit] of steps) {
    if (Math.abs(value) < size) return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-Math.round(value), unit);
    value /= size;
  }
  return moment;
}

/** @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : seconds < 90 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}
