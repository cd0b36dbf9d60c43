"use strict";
// After new results: the title follows, and a screen reader hears that something changed.
document.addEventListener("htmx:after:swap", (event) => {
  const results = document.getElementById("results");
  if (!results || event.target !== results) return;
  const title = results.querySelector("title");
  if (title) {
    document.title = title.textContent;
    title.remove();
  }
});
