// MathJax on a document that exists only while the book is built. formulas.py loads MathJax's
// components before this file, and calls `set` once for each page.
(function () {
  const modules = MathJax._;
  const adaptor = modules.adaptors.liteAdaptor.liteAdaptor();
  const html = modules.handlers.html_ts.RegisterHTMLHandler(adaptor);
  const handler = modules.a11y["assistive-mml"].AssistiveMmlHandler(html);
  const input = new modules.input.tex_ts.TeX({
    packages: ["base", "ams", "boldsymbol"],
    formatError: (jax, error) => {
      throw error;
    },
  });
  const font = new modules.output.chtml.fonts.tex_ts.TeXFont({ fontURL: "FONTS" });
  const output = new modules.output.chtml_ts.CHTML({ font });
  const page = new handler.documentClass("", adaptor, { InputJax: input, OutputJax: output });
  const mathml = new modules.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
  const metrics = { em: 16, ex: 8, containerWidth: 80 * 16 };

  function attempt(convert) {
    try {
      return { html: convert() };
    } catch (error) {
      return { error: error.message };
    }
  }

  // As MathJax's own, which does not tell how much room a formula takes.
  let box;
  output.processMath = (root, parent) => {
    const wrapper = output.factory.wrap(root);
    wrapper.toCHTML(parent);
    box = wrapper.getOuterBBox();
  };

  function draw(tex, display) {
    const node = page.convert(tex, { display, ...metrics });
    const em = (length) => `${length.toFixed(3)}em`;
    if (display) {
      const size = `${em(box.w)} ${em(box.h + box.d)}`;
      adaptor.setStyle(adaptor.firstChild(node), "contain-intrinsic-size", size);
    } else {
      adaptor.setStyle(node, "width", em(box.w));
      adaptor.setStyle(node, "height", em(box.h + box.d));
      adaptor.setStyle(node, "vertical-align", em(-box.d));
    }
    return adaptor.outerHTML(node);
  }

  // Formulas as HTML, and the rules for the characters in them.
  globalThis.set = function (formulas) {
    output.clearCache();
    draw("x_1^2", false); // MathJax has no rule for scripts before one formula has both kinds
    const made = formulas.map(([tex, display]) =>
      attempt(() => draw(tex, display))
    );
    return { formulas: made, css: adaptor.textContent(output.styleSheet(page)) };
  };

  // For readers that are no browser: MathML alone.
  globalThis.translate = function (formulas) {
    const end = modules.core.MathItem.STATE.CONVERT;
    return formulas.map(([tex, display]) =>
      attempt(() => mathml.visitTree(page.convert(tex, { display, end })))
    );
  };
})();
