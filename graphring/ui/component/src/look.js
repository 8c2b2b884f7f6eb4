// How nodes and edges look. Type is said twice, by colour and by shape, so that nothing depends on seeing colours
// (palette: Okabe & Ito 2008, lightened for dark backgrounds).
const KINDS = {
  account: { light: "#0072b2", dark: "#56a8e0", shape: "ellipse" },
  group: { light: "#0072b2", dark: "#56a8e0", shape: "octagon" },
  payment_method: { light: "#c77800", dark: "#e9a83a", shape: "round-rectangle" },
  ip: { light: "#00805c", dark: "#3fc49b", shape: "diamond" },
  template: { light: "#a8487e", dark: "#dc8fba", shape: "hexagon" },
};
const OTHERS = [
  { light: "#b84a00", dark: "#f0834a", shape: "triangle" },
  { light: "#5b5ea6", dark: "#a3a6e6", shape: "pentagon" },
  { light: "#6b6b00", dark: "#d9cf4a", shape: "vee" },
  { light: "#555555", dark: "#bbbbbb", shape: "star" },
];

// Outlines in a 16 × 16 box, for the legend.
const OUTLINES = {
  ellipse: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z",
  octagon: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  "round-rectangle": "M3 3h10a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 13 13H3a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 3 3z",
  diamond: "M8 .5 15.5 8 8 15.5.5 8z",
  hexagon: "M4.2 1.5h7.6L15.5 8l-3.7 6.5H4.2L.5 8z",
  triangle: "M8 1.5 15 14H1z",
  pentagon: "M8 1 15.3 6.4 12.5 15h-9L.7 6.4z",
  vee: "M1 2l7 4 7-4-7 13z",
  star: "M8 .8l2.2 4.8 5.2.6-3.9 3.5 1.1 5.2L8 12.3l-4.6 2.6 1.1-5.2L.6 6.2l5.2-.6z",
};

export function kindLook(kind, order) {
  if (KINDS[kind]) return KINDS[kind];
  const others = order.filter((name) => !KINDS[name]);
  return OTHERS[Math.max(0, others.indexOf(kind)) % OTHERS.length];
}

export function swatch(look, dark) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", OUTLINES[look.shape]);
  path.setAttribute("fill", dark ? look.dark : look.light);
  svg.append(path);
  return svg;
}

export function theme(element) {
  const css = getComputedStyle(element);
  const read = (name, otherwise) => css.getPropertyValue(name).trim() || otherwise;
  const background = read("--st-background-color", "#ffffff");
  return {
    background,
    text: read("--st-text-color", "#1c2530"),
    border: read("--st-border-color", "#d5dae1"),
    font: read("--st-font", "sans-serif"),
    dark: luminance(background) < 0.35,
  };
}

function luminance(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

export function stylesheet(look, order) {
  const edge = look.dark ? "#7d8998" : "#8d99a8";
  const kinds = order.map((kind) => {
    const { light, dark, shape } = kindLook(kind, order);
    const colour = look.dark ? dark : light;
    return { selector: `node[kind = "${kind.replaceAll('"', "")}"]`, style: { shape, "background-color": colour } };
  });
  return [
    {
      selector: "node",
      style: {
        width: "data(size)", height: "data(size)", "border-width": 1.5, "border-color": look.background,
        color: look.text, "font-family": look.font, "font-size": 11, "text-valign": "bottom", "text-margin-y": 4,
        "text-outline-color": look.background, "text-outline-width": 2.5, "min-zoomed-font-size": 8,
        "text-wrap": "ellipsis", "text-max-width": 150,
      },
    },
    ...kinds,
    { selector: "node[?named]", style: { label: "data(label)" } },
    { selector: "node[?outside]", style: { "background-opacity": 0.35 } },
    {
      selector: 'node[kind = "group"]',
      style: { label: "data(badge)", "text-valign": "center", "text-margin-y": 0, color: "#ffffff", "font-weight": 600,
        "text-outline-width": 0 },
    },
    {
      selector: "edge",
      style: { width: "data(width)", "line-color": edge, opacity: 0.45, "curve-style": "haystack", "overlay-opacity": 0 },
    },
    { selector: ".faint", style: { opacity: 0.13, "text-opacity": 0 } },
    { selector: "edge.near", style: { opacity: 0.75, width: 1.6, "line-color": look.text } },
    { selector: "node.named, node:selected", style: { label: "data(label)", "min-zoomed-font-size": 0, "z-index": 10 } },
    { selector: "node:selected", style: { "border-width": 3, "border-color": look.text, "font-weight": 700 } },
    { selector: "node:active", style: { "overlay-opacity": 0.08 } },
    { selector: ".hidden", style: { display: "none" } },
  ];
}
