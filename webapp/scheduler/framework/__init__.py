"""The scheduling framework: extension points, what passes between plugins, and what runs them.

Plugins judge all Nodes at once, on the columns of a node table, and name each verdict by a small
number that they can turn into words later.
"""
