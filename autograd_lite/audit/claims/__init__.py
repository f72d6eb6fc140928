"""The claims of each paper: a module is one paper, read from its beginning to its end."""
