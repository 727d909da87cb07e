/** Runs in the page, before its own scripts: what a person sees of it, in numbers (flash-page.test.ts). */

/** @param {string} color as browsers compute it, rgb(...) */
function channelsOf(color) {
  return (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** @param {string} selector its colours: front, back */
function coloursOf(selector) {
  const { color, backgroundColor } = getComputedStyle(/** @type {Element} */ (document.querySelector(selector)));
  return [channelsOf(color), channelsOf(backgroundColor)];
}

Object.assign(globalThis, {
  lookAtPage: () => ({
    language: document.documentElement.lang,
    title: document.title,
    headings: document.querySelectorAll("h1").length,
    isNarrow: document.documentElement.scrollWidth <= innerWidth,
    buttonHeightPx: document.querySelector("button")?.getBoundingClientRect().height ?? 0,
    colours: [coloursOf("body"), coloursOf("button")],
  }),
});
