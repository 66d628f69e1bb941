(function () {
  "use strict";
  var themes = ["auto", "light", "dark"];
  var root = document.documentElement;
  var button = document.getElementById("theme");
  function show(theme) {
    root.setAttribute("data-theme", theme);
    button.textContent = "Theme: " + theme;
  }
  button.hidden = false;
  show("auto");
  button.addEventListener("click", function () {
    show(themes[(themes.indexOf(root.getAttribute("data-theme")) + 1) % themes.length]);
  });
})();
