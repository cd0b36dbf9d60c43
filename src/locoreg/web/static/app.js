"use strict";
// Everything works without this file. It tells of what goes on while results are fetched.
(() => {
  const results = () => document.getElementById("results");
  const status = (text) => {
    const place = document.getElementById("lr-status");
    if (place) place.textContent = text;
  };
  const targets = (event) => event.detail?.ctx?.target === results();

  // A browser that goes back must not put the filters of another view beside these results.
  for (const form of document.forms) form.autocomplete = "off";

  document.addEventListener("htmx:before:request", (event) => {
    if (!targets(event)) return;
    results().setAttribute("aria-busy", "true");
    status("Updating the results.");
  });

  document.addEventListener("htmx:finally:request", (event) => {
    if (targets(event) && !document.querySelector(".htmx-request")) {
      results().removeAttribute("aria-busy");
    }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    if (!targets(event)) return;
    results().removeAttribute("aria-busy");
    for (const form of results().querySelectorAll("form")) form.autocomplete = "off";
    const alert = results().querySelector('[role="alert"]');
    mark(alert);
    if (alert) {
      alert.focus();
      status("");
    } else {
      status("Results updated: " + event.detail.ctx.title);
    }
  });

  // A field that changes and a form that is sent ask for the same address: it is one step back.
  document.addEventListener("htmx:before:history:update", (event) => {
    const step = event.detail?.history;
    if (step?.type === "push" && new URL(step.path, location.href).href === location.href) {
      event.preventDefault();
    }
  });

  // The server can't be reached, or took too long: what is shown belongs to other filters.
  document.addEventListener("htmx:error", (event) => {
    if (!targets(event)) return;
    const alert = document.createElement("div");
    alert.className = "lr-callout lr-tone-blocking";
    alert.setAttribute("role", "alert");
    alert.tabIndex = -1;
    const text = document.createElement("p");
    text.className = "lr-callout-title";
    text.textContent = "The server did not answer. Nothing is shown, since what was here belongs to other choices. Try again.";
    alert.append(text);
    results().replaceChildren(alert);
    results().removeAttribute("aria-busy");
    alert.focus();
    status("");
  });

  // Fields that an error names are marked, and the text stands by them for screen readers.
  function mark(alert) {
    for (const field of document.querySelectorAll('[aria-invalid="true"]')) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-errormessage");
    }
    if (!alert) return;
    for (const link of alert.querySelectorAll('a[href^="#field-"]')) {
      const field = document.getElementById(link.getAttribute("href").slice(1));
      if (!field) continue;
      field.setAttribute("aria-invalid", "true");
      if (link.parentElement.id) field.setAttribute("aria-errormessage", link.parentElement.id);
    }
  }

  const first = document.querySelector('[role="alert"][tabindex="-1"]');
  if (first) {
    mark(first);
    first.focus();
  }
})();
