// What stands on the page, as a browser has laid it out: the texts that can be seen,
// those that cannot be read, and the boxes of the picture.
(() => {
  const numbers = (color) => {
    const parts = (color.match(/[\d.]+/g) || []).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const luminance = (color) => {
    const [r, g, b] = numbers(color).slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const inner = element.closest("svg svg");
    const box = inner && inner.previousElementSibling;
    if (box && box.tagName === "rect" && getComputedStyle(box).fill !== "none") return getComputedStyle(box).fill;
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (numbers(color)[3] > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (a, b) => {
    const [more, less] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (more + 0.05) / (less + 0.05);
  };
  const out = { texts: [], outside: [], pale: [], small: [], pictures: [], spilled: [] };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim();
    const element = node.parentElement;
    if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((r) => r.width > 0 && r.height > 0);
    if (!rects.length) continue;
    out.texts.push(text);
    if (rects.some((r) => r.left < -0.5 || r.right > innerWidth + 0.5)) out.outside.push(text);
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const ratio = contrast(color, behind(element));
    if (!(ratio >= 4.5)) out.pale.push(`${text}: ${ratio.toFixed(2)} (${color} on ${behind(element)})`);
    const scale = element.getScreenCTM ? element.getScreenCTM().a : 1;
    if (!element.closest("svg.map") && parseFloat(style.fontSize) * scale < 10) out.small.push(`${text}: ${parseFloat(style.fontSize) * scale}`);
  }
  for (const svg of document.querySelectorAll("figure > svg")) {
    if (!svg.checkVisibility()) continue;
    const at = svg.getBoundingClientRect();
    const picture = { name: svg.getAttribute("class"), x: at.x, y: at.y + scrollY, width: at.width, height: at.height, boxes: [], errors: 0 };
    for (const inner of svg.querySelectorAll("svg")) {
      picture.boxes.push([...inner.querySelectorAll("text")].map((t) => t.textContent).join("\n"));
      for (const t of inner.querySelectorAll("text")) {
        const box = t.getBBox();
        if (box.x < 0 || box.x + box.width > inner.width.baseVal.value || box.y + box.height > inner.height.baseVal.value) out.spilled.push(t.textContent);
      }
    }
    picture.errors = svg.querySelectorAll("rect.error").length;
    out.pictures.push(picture);
  }
  out.title = document.title;
  out.width = document.documentElement.scrollWidth;
  out.height = document.documentElement.scrollHeight;
  out.viewport = innerWidth;
  out.background = luminance(getComputedStyle(document.body).backgroundColor);
  out.headings = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1]));
  return out;
})()
