// Small repairs of the theme's markup, and room for what is wider than a narrow screen.
(function () {
  // Names that are seen and names that are read must agree.
  function mend() {
    var named = ".search-button, .search-button-field, .theme-switch-button, details summary";
    document.querySelectorAll(named).forEach(function (element) {
      if (element.textContent.trim()) {
        element.removeAttribute("aria-label");
        element.removeAttribute("title");
      }
    });
    var sidebar = document.querySelector(".bd-sidebar-primary");
    if (sidebar) {
      sidebar.setAttribute("role", "region");
      sidebar.setAttribute("aria-label", "Book");
    }
  }

  // A formula wider than its line scrolls, and what scrolls can be reached by keyboard.
  function fit() {
    document.querySelectorAll("article mjx-container:not([display])").forEach(function (formula) {
      formula.classList.remove("wide");
      var room = formula.parentElement.closest("p, li, dd, td, th, dt, div").clientWidth;
      if (formula.offsetWidth > room) formula.classList.add("wide");
    });
    var boxes = "div.math, mjx-container.wide, article pre, .cell_output, article table";
    document.querySelectorAll(boxes).forEach(function (box) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    });
  }

  mend(); // this script is deferred: the page is parsed
  window.addEventListener("load", function () {
    var formulas = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
    Promise.resolve(formulas).then(fit);
    window.addEventListener("resize", fit);
  });
})();
