"use strict";
// Text, table, curves and dots become tabs; without this script all four stand one after another.
document.addEventListener("DOMContentLoaded", () => {
  for (const group of document.querySelectorAll("[data-lr-tabs]")) {
    const panels = [...group.querySelectorAll(":scope > section")];
    const list = document.createElement("div");
    list.className = "lr-tablist";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Forms of the estimate");
    const tabs = panels.map((panel) => {
      const heading = panel.querySelector("h3");
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = `${panel.id}-tab`;
      tab.textContent = heading.textContent;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      heading.hidden = true;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      list.append(tab);
      return tab;
    });
    const show = (chosen) => {
      tabs.forEach((tab, k) => {
        const on = k === chosen;
        tab.setAttribute("aria-selected", String(on));
        tab.tabIndex = on ? 0 : -1;
        panels[k].hidden = !on;
      });
    };
    tabs.forEach((tab, k) => {
      tab.addEventListener("click", () => show(k));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : step ? (k + step + tabs.length) % tabs.length : -1;
        if (next < 0) return;
        event.preventDefault();
        show(next);
        tabs[next].focus();
      });
    });
    group.prepend(list);
    show(0);
  }
  const alert = document.querySelector('[role="alert"]');
  if (alert) alert.focus();
});
