// The graph of a ring: cytoscape.js in a Streamlit component. Python says what to draw (`data`), this says what was
// selected (state `selected`, a node id or null). The same data never moves a node: a rerun only repaints.
import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";
import { drawLegend, drawZoom, frame } from "./panel.js";
import { stylesheet, theme } from "./look.js";

cytoscape.use(fcose);
const widgets = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  let widget = widgets.get(root);
  if (!widget) {
    widget = new Widget(root);
    widgets.set(root, widget);
  }
  widget.update(component);
  return () => {
    widget.destroy();
    widgets.delete(root);
  };
}

class Widget {
  constructor(root) {
    this.parts = frame(root);
    this.hidden = new Set();
    this.drawn = null;
    this.cy = cytoscape({
      container: this.parts.stage, minZoom: 0.1, maxZoom: 4, boxSelectionEnabled: false, selectionType: "single",
      userZoomingEnabled: false,
    });
    this.cy.on("tap", (event) => this.select(event.target === this.cy || event.target.isEdge() ? null : event.target));
    this.cy.on("mouseover", "node", (event) => event.target.addClass("named"));
    this.cy.on("mouseout", "node", (event) => event.target.removeClass("named"));
    this.parts.stage.addEventListener("keydown", (event) => this.key(event));
    // The wheel belongs to the page; with Ctrl, or as a pinch, to the graph.
    this.parts.stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    }, { passive: false });
    drawZoom(this.parts, { in: () => this.zoom(1.3), out: () => this.zoom(1 / 1.3), fit: () => this.fit() });
    // The theme can change without a rerun: a transition on the text colour tells.
    this.parts.outer.addEventListener("transitionend", (event) => event.propertyName === "color" && this.paint());
    this.resize = new ResizeObserver(() => {
      this.cy.resize();
      if (!this.touched) this.fit();
    });
    this.resize.observe(this.parts.stage);
  }

  update({ data, setStateValue }) {
    this.say = setStateValue;
    if (this.drawn === data.version) return;
    this.drawn = data.version;
    this.types = data.types;
    this.hidden.clear();
    this.touched = false;
    this.parts.stage.style.height = `${data.height}px`;
    this.parts.stage.setAttribute("aria-label", `${data.summary} Arrow keys move, Enter selects, + − 0 zoom.`);
    this.cy.elements().remove();
    this.cy.add({
      nodes: data.nodes.map((node) => ({ data: node })),
      edges: data.edges.map((edge) => ({ data: edge })),
    });
    this.paint();
    arrange(this.cy);
    this.fit();
    if (data.selected) this.mark(this.cy.getElementById(data.selected));
  }

  paint() {
    const look = theme(this.parts.outer);
    this.cy.style(stylesheet(look, this.types.map((type) => type.kind)));
    drawLegend(this.parts, this.types, this.hidden, look.dark, (kind) => this.toggle(kind));
  }

  toggle(kind) {
    if (!this.hidden.delete(kind)) this.hidden.add(kind);
    this.cy.nodes().forEach((node) => node.toggleClass("hidden", this.hidden.has(node.data("kind"))));
    const focused = this.parts.legend.getRootNode().activeElement?.dataset?.kind;
    this.paint();
    if (focused) [...this.parts.legend.children].find((button) => button.dataset.kind === focused)?.focus();
  }

  select(node) {
    const id = node && node.nonempty() ? node.id() : null;
    this.mark(node);
    this.say("selected", id);
  }

  mark(node) {
    this.cy.elements().removeClass("faint near").unselect();
    this.at = node && node.nonempty() ? node : null;
    if (!this.at) {
      this.parts.said.textContent = "Nothing selected.";
      return;
    }
    const near = this.at.closedNeighborhood();
    this.cy.elements().not(near).addClass("faint");
    near.edges().addClass("near");
    this.at.select();
    this.parts.said.textContent = `${this.at.data("said")}, ${this.at.degree()} links.`;
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (steps[event.key]) this.mark(nearest(this.cy, this.at, steps[event.key]) ?? this.at);
    else if (event.key === "Enter") this.select(this.at);
    else if (event.key === "Escape") this.select(null);
    else if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  zoom(factor) {
    this.touched = true;
    const { width, height } = this.parts.stage.getBoundingClientRect();
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: { x: width / 2, y: height / 2 } });
  }

  fit() {
    this.touched = false;
    this.cy.fit(this.cy.elements(":visible"), 36);
    if (this.cy.zoom() > 1.6) {
      this.cy.zoom(1.6);
      this.cy.center();
    }
  }

  destroy() {
    this.resize.disconnect();
    this.cy.destroy();
    this.parts.outer.remove();
  }
}

// fcose draws from Math.random: lend it a seeded generator, so that a ring looks the same each time it is opened.
function arrange(cy) {
  const random = Math.random;
  let state = 20260101;
  Math.random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  try {
    cy.layout({
      name: "fcose", quality: cy.nodes().length > 300 ? "draft" : "default", animate: false, randomize: true, fit: false,
      packComponents: true, nodeSeparation: 110, idealEdgeLength: (edge) => 60 + edge.source().width() + edge.target().width(), nodeRepulsion: 12000, gravity: 0.3,
      nodeDimensionsIncludeLabels: false,
    }).run();
  } finally {
    Math.random = random;
  }
}

// The closest visible node in a direction; sideways distance counts double. From nowhere: the best linked node.
function nearest(cy, from, [dx, dy]) {
  const nodes = cy.nodes(":visible");
  if (!from) return nodes.sort((a, b) => b.degree() - a.degree())[0];
  const { x, y } = from.position();
  let best = null;
  let least = Infinity;
  nodes.forEach((node) => {
    const [ex, ey] = [node.position("x") - x, node.position("y") - y];
    const along = ex * dx + ey * dy;
    const cost = along + 2 * Math.abs(ex * dy - ey * dx);
    if (along > 1 && cost < least) [best, least] = [node, cost];
  });
  return best;
}
