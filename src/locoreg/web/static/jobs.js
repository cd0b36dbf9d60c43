"use strict";
// Follows a job; without this file the page is loaded again from time to time.
(() => {
  const job = document.getElementById("job");
  if (!job || !job.dataset.events || !window.EventSource) return;
  const element = (id) => document.getElementById(id);
  const say = (text) => {
    const place = element("lr-status");
    if (place && place.textContent !== text) place.textContent = text;
  };
  const source = new EventSource(job.dataset.events);

  source.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    const bar = element("job-progress");
    if (!state.words || !bar) return;
    element("job-words").textContent = state.words;
    element("job-stage").textContent = state.stage;
    if (state.of) {
      bar.max = state.of;
      bar.value = Math.max(0, state.number - 1);
    }
    // Told to screen readers once per part, not with every stage.
    say(state.words);
  });

  source.addEventListener("over", async () => {
    source.close();
    try {
      const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return location.reload();
      const text = await answer.text();
      const made = new DOMParser().parseFromString(text, "text/html");
      const title = made.querySelector("title");
      if (title) {
        document.title = title.textContent;
        title.remove();
      }
      element("results").replaceChildren(...made.body.childNodes);
      const alert = element("results").querySelector('[role="alert"]');
      if (alert) alert.focus();
      say(alert ? alert.querySelector("p").textContent : element("job-words").textContent);
    } catch (error) {
      location.reload();
    }
  });
})();
