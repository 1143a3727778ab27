"""How the site is built from these pages; ``tools/site.py`` calls it (``make site``)."""

project = "liftgate"
html_title = "liftgate"
root_doc = "docs/index"
extensions = ["myst_parser"]
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# Nothing is asked of any other place: the theme has no fonts of its own, and the search is a file.
html_theme_options = {"footer_icons": [], "source_repository": ""}
html_static_path = ["_static"]
html_css_files = ["site.css"]
myst_heading_anchors = 6
myst_enable_extensions = ["attrs_inline"]
# Output that is cut by … is no valid JSON or YAML, and is shown all the same.
suppress_warnings = ["misc.highlighting_failure"]
templates_path: list[str] = []
exclude_patterns: list[str] = []
