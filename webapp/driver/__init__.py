"""Between the deterministic world and the concurrent one: the single writer, its inbox and journal.

Greenlets of the HTTP and live layers hand commands in; one pump takes them in order, stamps them,
writes them to the journal, steps the world in slices and paces virtual against wall time.
"""
