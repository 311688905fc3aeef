//! Findings to figures (SVG), HTML and Markdown.
