// Small repairs of the theme's markup, and room for what is wider than a narrow screen.
(function () {
  var boxes = {
    "div.math > :not(.eqno), mjx-container.wide": "Formula",
    pre: "Program",
    ".cell_output, div.output": "Output",
    "table, .pst-scrollable-table-container": "Table",
  };

  // Names that are seen and names that are read must agree.
  function mend() {
    var named = ".search-button, .search-button-field, .theme-switch-button, details summary";
    document.querySelectorAll(named).forEach(function (element) {
      if (element.textContent.trim()) {
        element.removeAttribute("aria-label");
        element.removeAttribute("title");
      }
    });
    document.querySelectorAll(".bd-links .has-children summary").forEach(function (summary) {
      var parent = summary.closest("li").querySelector("a");
      summary.setAttribute("aria-label", "Pages of " + parent.textContent);
    });
    var sidebar = document.querySelector(".bd-sidebar-primary");
    if (sidebar) {
      sidebar.setAttribute("role", "region");
      sidebar.setAttribute("aria-label", "Book");
    }
  }

  // What is wider than its line scrolls, says so, and can be reached by keyboard.
  function fit() {
    document.querySelectorAll("article mjx-container:not([display])").forEach(function (formula) {
      formula.classList.remove("wide");
      var room = formula.parentElement.closest("p, li, dd, td, th, dt, div").clientWidth;
      if (formula.offsetWidth > room) formula.classList.add("wide");
    });
    Object.keys(boxes).forEach(function (selector) {
      document.querySelectorAll("article :is(" + selector + ")").forEach(function (box) {
        var scrolls = box.scrollWidth > box.clientWidth;
        box.classList.toggle("scrolls", scrolls);
        if (!scrolls) return;
        box.tabIndex = 0;
        if (box.tagName === "TABLE") return; // it has a role
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", boxes[selector] + ", scrolls sideways");
      });
    });
  }

  mend(); // this script is deferred: the page is parsed
  window.addEventListener("load", function () {
    var formulas = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
    Promise.resolve(formulas).then(fit);
    window.addEventListener("resize", fit);
  });
})();
