(() => {
  const name = (element) => {
    const text = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60);
    return `<${element.tagName.toLowerCase()}> ${text}`;
  };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const width = document.documentElement.clientWidth;
  // What scrolls by itself may be as wide as it likes.
  const scrolls = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const shown = (element) => element.getClientRects().length > 0;
  const html = all("body *").filter((element) => !element.closest("svg") && shown(element));
  const wide = html.filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element));
  if (document.documentElement.scrollWidth > width) wide.push(document.documentElement);
  // What is one pixel wide is there for screen readers alone.
  const clipped = html.filter((element) => element.clientWidth > 1 &&
    getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1);

  const outside = [], overlapping = [];
  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  for (const chart of all("svg").filter(shown)) {
    const frame = chart.getBoundingClientRect();
    const labels = all("text", chart).map((text) => [text, text.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
    for (const [text, box] of labels) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) {
        outside.push(text);
      }
    }
    labels.forEach(([a, boxA], index) => {
      for (const [b, boxB] of labels.slice(index + 1)) if (overlap(boxA, boxB)) overlapping.push(a, b);
    });
  }

  // Contrast of text against the nearest opaque background (WCAG 2.2: at least 4.5).
  const channels = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const contrast = (a, b) => {
    const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (bright + 0.05) / (dark + 0.05);
  };
  const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const faint = all("body *").filter((element) => shown(element) && says(element)).filter((element) => {
    const style = getComputedStyle(element);
    const ink = channels(element.closest("svg") ? style.fill : style.color);
    return ink.length >= 3 && contrast(ink, background(element)) < 4.5;
  });

  const charts = all("svg").filter(shown);
  return {
    title: document.title,
    charts: charts.length,
    described: charts.filter((chart) => chart.querySelector("title") || chart.getAttribute("aria-label")).length,
    wide: wide.map(name),
    clipped: clipped.map(name),
    outside: outside.map(name),
    overlapping: overlapping.map(name),
    faint: faint.map(name),
  };
})()
