// What surrounds the canvas: legend with toggles, zoom buttons, the line that is read out. Text only ever goes in as
// textContent, so that whatever a log called itself stays text.
import { kindLook, swatch } from "./look.js";

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

export function frame(root) {
  root.querySelector(".gr-frame")?.remove();
  const outer = element("div", "gr-frame");
  const bar = element("div", "gr-bar");
  const legend = element("div", "gr-legend");
  legend.setAttribute("role", "group");
  legend.setAttribute("aria-label", "Show or hide by type");
  const zoom = element("div", "gr-zoom");
  const stage = element("div", "gr-stage");
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  const said = element("div", "gr-said");
  said.setAttribute("aria-live", "polite");
  bar.append(legend);
  const shell = element("div", "gr-shell");
  shell.append(stage, zoom);
  outer.append(bar, shell, said);
  root.append(outer);
  return { outer, legend, zoom, stage, said };
}

export function drawLegend(parts, types, hidden, dark, toggle) {
  const order = types.map((type) => type.kind);
  parts.legend.replaceChildren(
    ...types.map((type) => {
      const button = element("button", "gr-type");
      button.type = "button";
      button.dataset.kind = type.kind;
      button.setAttribute("aria-pressed", String(!hidden.has(type.kind)));
      button.title = hidden.has(type.kind) ? "Show again" : "Hide";
      button.append(swatch(kindLook(type.kind, order), dark), element("span", "", type.label));
      button.append(element("span", "gr-count", type.count.toLocaleString("en")));
      button.onclick = () => toggle(type.kind);
      return button;
    }),
  );
}

export function drawZoom(parts, actions) {
  const made = [
    ["−", "Zoom out (key −)", actions.out],
    ["+", "Zoom in (key +)", actions.in],
    ["Fit", "Show everything (key 0)", actions.fit],
  ].map(([text, title, act]) => {
    const button = element("button", "gr-button", text);
    button.type = "button";
    button.title = title;
    button.setAttribute("aria-label", title);
    button.onclick = act;
    return button;
  });
  parts.zoom.replaceChildren(...made);
}
