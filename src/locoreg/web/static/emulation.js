"use strict";
// A protocol may be read from a file into the text box; without this it is pasted.
document.addEventListener("DOMContentLoaded", () => {
  const file = document.getElementById("field-file");
  const box = document.getElementById("field-text");
  const choice = document.getElementById("field-protocol");
  if (!file || !box || !choice) return;
  file.closest(".lr-file").hidden = false;
  const own = () => {
    choice.value = "own";
  };
  box.addEventListener("input", own);
  file.addEventListener("change", async () => {
    const chosen = file.files && file.files[0];
    if (!chosen) return;
    box.value = await chosen.text();
    own();
    box.focus();
  });
});
