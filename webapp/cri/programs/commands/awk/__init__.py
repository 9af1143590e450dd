"""awk: a program's text in, a tree, and what it does with lines."""
