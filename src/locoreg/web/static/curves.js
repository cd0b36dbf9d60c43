"use strict";
// A cursor on survival curves: pointer, slider and keys read them off month by month.
(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function percent(value) {
    return value === null ? null : `${value.toFixed(1)}%`;
  }

  function sentence(data, month) {
    const parts = data.groups.map((group) => {
      const alive = percent(group.survival[month]);
      if (alive === null) return `${group.name}: nothing shown so late`;
      const low = percent(group.low[month]);
      const high = percent(group.high[month]);
      return `${group.name}: ${alive} alive${low && high ? ` (${low} to ${high})` : ""}`;
    });
    return `Month ${month}. ${parts.join("; ")}.`;
  }

  function attach(box) {
    if (box.dataset.ready) return;
    const figure = document.getElementById(box.dataset.figure);
    const svg = figure && figure.querySelector("svg");
    const payload = box.querySelector(".lr-readings");
    if (!svg || !payload) return;
    box.dataset.ready = "yes";
    const data = JSON.parse(payload.textContent);
    const slider = box.querySelector("input");
    const output = box.querySelector("output");
    const last = data.months.length - 1;
    const plot = data.plot;
    const line = document.createElementNS(SVG, "line");
    line.setAttribute("class", "lr-crosshair");
    line.setAttribute("y1", plot.top);
    line.setAttribute("y2", plot.bottom);
    svg.append(line);
    box.hidden = false;

    function show(month) {
      const at = Math.min(Math.max(month, 0), last);
      const x = plot.left + ((plot.right - plot.left) * at) / data.end;
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const text = sentence(data, at);
      slider.value = String(at);
      slider.setAttribute("aria-valuetext", text);
      if (output.textContent !== text) output.textContent = text;
    }

    slider.addEventListener("input", () => show(Number(slider.value)));
    // A form around or above must not take a move of the cursor for a change of the cohort.
    slider.addEventListener("change", (event) => event.stopPropagation());
    slider.addEventListener("keydown", (event) => {
      const now = Number(slider.value);
      const goal = {
        ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1,
        PageDown: now - 12, PageUp: now + 12, Home: 0, End: last,
      }[event.key];
      if (goal === undefined) return;
      event.preventDefault();
      show(goal);
    });
    svg.addEventListener("pointermove", (event) => {
      const matrix = svg.getScreenCTM();
      if (!matrix) return;
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      if (point.x < plot.left - 5 || point.x > plot.right + 5) return;
      if (point.y < plot.top - 5 || point.y > plot.bottom + 5) return;
      const part = (point.x - plot.left) / (plot.right - plot.left);
      show(Math.round(part * data.end));
    });
    show(Math.min(12, last));
  }

  function all() {
    document.querySelectorAll(".lr-readout").forEach(attach);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
  document.addEventListener("htmx:after:swap", all);
})();
