(function () {
  var root = document.documentElement;
  var parts = document.getElementsByClassName("folded");
  var memory = "folded parts are open";
  var wanted = false; // whether the switch is on
  var seen = 0;

  // A browser may be told to keep nothing.
  try { wanted = sessionStorage.getItem(memory) === "yes"; } catch (error) { wanted = false; }
  function remember() {
    try { sessionStorage.setItem(memory, wanted ? "yes" : "no"); } catch (error) { return; }
  }

  function set(open) {
    Array.prototype.forEach.call(parts, function (part) { part.open = open; });
  }

  // Fold what the parser has added since, before it is shown.
  function foldNew() {
    for (; seen < parts.length; seen++) parts[seen].open = wanted;
  }

  // Open what holds the place that the address names, and the program of a cell that it names.
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var target = id && document.getElementById(id);
    if (!target) return;
    var closed = target.matches(".cell") ? target.querySelectorAll(".folded:not([open])") : [];
    closed = Array.from(closed);
    for (var part = target; part; part = part.parentElement) {
      if (part.matches(".folded:not([open])")) closed.push(part);
    }
    var hidden = target.closest(".toggle-hidden"); // an answer or a solution
    if (hidden) hidden.querySelector(".toggle-button").click();
    if (!closed.length && !hidden) return;
    closed.forEach(function (part) { part.open = true; });
    target.scrollIntoView();
  }

  function printed(before) {
    Array.prototype.forEach.call(parts, function (part) {
      if (before) part.dataset.open = part.open ? "yes" : "";
      part.open = before || Boolean(part.dataset.open);
    });
  }

  function start() {
    observer.disconnect();
    foldNew();
    var button = document.querySelector(".fold-switch button");
    button.setAttribute("aria-pressed", wanted);
    button.addEventListener("click", function () {
      wanted = !wanted;
      button.setAttribute("aria-pressed", wanted);
      set(wanted);
      remember();
    });
    reveal();
    window.addEventListener("load", reveal); // by then the answers are folded too
  }

  root.classList.add("folds");
  var observer = new MutationObserver(foldNew);
  observer.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", start);
  window.addEventListener("hashchange", reveal);
  // A link to where the reader already is changes no address.
  document.addEventListener("click", function (event) {
    if (event.target.closest("a[href*='#']")) setTimeout(reveal);
  });
  window.addEventListener("beforeprint", printed.bind(null, true));
  window.addEventListener("afterprint", printed.bind(null, false));
})();
