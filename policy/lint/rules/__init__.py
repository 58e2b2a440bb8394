"""The rules, one module each: its docstring is the documentation, `check` the rule."""
