"use strict";
// The address leads to the results, and a browser goes there last: what is wrong gets the focus then.
addEventListener("load", () => {
  const alert = document.querySelector('[role="alert"]');
  if (alert) requestAnimationFrame(() => alert.focus());
});
